// Irregular forms that cutting endings cannot join, each line "base form form …".
const IRREGULAR = `
begin began begun|bend bent|bite bit bitten|bleed bled|blow blew blown|break broke broken|bring brought|build built|burn burnt
buy bought|catch caught|choose chose chosen|creep crept|deal dealt|dig dug|draw drew drawn|dream dreamt|drink drank drunk
drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fly flew flown
forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|give gave given|go went gone goes|grow grew grown|hang hung
hear heard|hide hid hidden|hold held|keep kept|kneel knelt|know knew known|lay laid|lead led|lean leant|learn learnt|leave left
lend lent|light lit|lose lost|make made|mean meant|meet met|pay paid|ride rode ridden|ring rang rung|rise rose risen|run ran
say said|see saw seen|seek sought|sell sold|send sent|sew sewn|shake shook shaken|shine shone|shoot shot|show shown
shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept|slide slid|speak spoke spoken|spend spent|spin spun
spring sprang sprung|stand stood|steal stole stolen|stick stuck|strike struck|swear swore sworn|sweep swept|swim swam swum
swing swung|take took taken|teach taught|tear tore torn|tell told|think thought|throw threw thrown|understand understood
wake woke woken|wear wore worn|weave wove woven|weep wept|win won|wind wound|write wrote written|become became|come came
child children|man men|woman women|person people|foot feet|tooth teeth|mouse mice|goose geese|wife wives|knife knives
half halves|shelf shelves|wolf wolves
`;

const BASES = new Map(
  IRREGULAR.trim()
    .split(/[|\n]/)
    .flatMap((line) => {
      const [base = '', ...forms] = line.split(' ');
      return forms.map((form): [string, string] => [form, base]);
    }),
);

/** The base of an irregular English form (`went` → `go`), or the word itself. */
export const baseForm = (word: string): string => BASES.get(word) ?? word;

/** English function words: they say how something is asked or told, not what about. Contractions as they are without their apostrophe. */
export const FUNCTION_WORDS = new Set(
  `a about above after again against all am an and any are arent as at be because been before being below between both but by can cant
cannot could couldnt did didnt do does doesnt doing dont down during each few for from further had hadnt has hasnt have havent having
he hed hell hes her here heres hers herself him himself his how hows i id ill im ive if in into is isnt it its itself lets me more most
mustnt my myself no nor not of off on once only or other ought our ours ourselves out over own same shant she shed shell shes should
shouldnt so some such than that thats the their theirs them themselves then there theres these they theyd theyll theyre theyve this
those through to too under until up very was wasnt we wed well were weve werent what whats when whens where wheres which while who whos
whom why whys will with wont would wouldnt you youd youll youre youve your yours yourself yourselves`.split(/\s+/),
);

/** Words that carry the form of a question rather than its topic: left out of queries, as long as something else is left. */
export const QUESTION_WORDS = new Set(
  `kind type sort many much name names named mention mentioned mentions tell told say said says describe described happen happened
happens happening thing things way ways recently currently specific specifically various different certain according regarding related
following discuss discussed discusses talk talked talking ask asked share shared sharing did does do give gave given get got use used
using one ones common list several likely would could might also ever already still usually often main mainly overall come came reason
reasons time times remember remind please know think believe any anything something someone person people`.split(/\s+/),
);
