import { pattern } from './pattern.ts';

// The words by which first-person German statements are recognised and turned to the third person.

const pairs = (table: string): Map<string, string> =>
  new Map(
    table
      .trim()
      .split(/\s+/)
      .map((pair) => pair.split(':') as [string, string]),
  );

/** `ich` form to `er` form. A verb that is not here is not taken for a statement. */
export const VERBS = pairs(`
  bin:ist war:war wurde:wurde habe:hat hab:hat hatte:hatte heiße:heißt heisse:heißt wohne:wohnt lebe:lebt arbeite:arbeitet
  studiere:studiert komme:kommt
  mag:mag bevorzuge:bevorzugt liebe:liebt hasse:hasst genieße:genießt meide:meidet vermeide:vermeidet verabscheue:verabscheut
  esse:isst trinke:trinkt koche:kocht backe:backt vertrage:verträgt rauche:raucht schlafe:schläft trage:trägt lese:liest höre:hört
  schreibe:schreibt
  nutze:nutzt benutze:benutzt verwende:verwendet spreche:spricht spiele:spielt singe:singt male:malt tanze:tanzt fahre:fährt
  reise:reist fliege:fliegt
  laufe:läuft gehe:geht schwimme:schwimmt wandere:wandert klettere:klettert segle:segelt rudere:rudert radle:radelt jogge:joggt
  trainiere:trainiert
  möchte:möchte will:will plane:plant brauche:braucht suche:sucht hoffe:hofft muss:muss kann:kann darf:darf
  lerne:lernt unterrichte:unterrichtet leite:leitet führe:führt besitze:besitzt verdiene:verdient spare:spart
  investiere:investiert zahle:zahlt
  leide:leidet ziehe:zieht heirate:heiratet feiere:feiert treffe:trifft besuche:besucht interessiere:interessiert ernähre:ernährt
  beschäftige:beschäftigt
  pendle:pendelt programmiere:programmiert entwickle:entwickelt schreibe:schreibt betreue:betreut pflege:pflegt züchte:züchtet
  sammle:sammelt
  stehe:steht wuchs:wuchs zog:zog kaufte:kaufte arbeitete:arbeitete lebte:lebte wohnte:wohnte studierte:studierte
`);

export const PREFERENCE_VERBS = new Set(['mag', 'bevorzuge', 'liebe', 'hasse', 'genieße', 'meide', 'vermeide', 'verabscheue']);
export const GOAL_VERBS = new Set(['möchte', 'will', 'plane', 'suche', 'hoffe', 'spare', 'brauche']);
/** These say something about passing business unless a date or a habit stands beside them. */
export const WEAK_VERBS = new Set([
  'gehe',
  'muss',
  'kann',
  'darf',
  'treffe',
  'schreibe',
  'lese',
  'höre',
  'stehe',
  'hatte',
  'war',
  'komme',
  'führe',
  'laufe',
  'fahre',
]);

export const TASTE = /\b(?:lieber|am liebsten|gern|gerne|ungern|Lieblings\p{L}*)\b/iu;
export const HABIT = pattern('iu')`
  \b(?:immer|nie|niemals|jede[nmrs]?|täglich|meistens|meist|normalerweise|oft|regelmäßig|selten|\p{L}+s (?:morgens|abends)|
  morgens|abends|montags|dienstags|mittwochs|donnerstags|freitags|samstags|sonntags|seit)\b`;
export const EMPHASIS = /\b(?:immer|nie|niemals|unbedingt|auf keinen Fall|wirklich|absolut|überhaupt)\b/i;
export const DATE = pattern('iu')`
  \b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b|\b(?:januar|februar|märz|april|mai|juni|juli|august|
  september|oktober|november|dezember)\b|\b(?:19|20)\d{2}\b|\b\d{1,2}\.\s?(?:\d{1,2}\.|\p{Lu})|\b(?:heute|morgen|übermorgen|
  gestern|vorgestern|ostern|weihnachten)\b|\b(?:nächste|letzte|kommende|diese|vorige)[nmrs]? (?:woche|wochenende|monat|jahr|
  frühling|frühjahr|sommer|herbst|winter)\b|\bvor \p{L}+ (?:tagen|wochen|monaten|jahren)\b`;
export const RELATIVE_DATE = pattern('iu')`
  \b(?:heute|morgen|übermorgen|gestern|vorgestern)\b|\b(?:nächste|letzte|kommende|diese|vorige)[nmrs]? \p{L}+|\b(?:vor|
  in) (?:einem|einer|zwei|drei|vier|fünf|sechs|\d+) (?:tag|woche|monat|jahr)\p{L}*`;
export const DONE_ONCE = pattern('i')`
  \b(?:gezogen|umgezogen|gekauft|verkauft|geheiratet|gekündigt|gegründet|geworden|geboren|aufgewachsen|adoptiert|angefangen|
  aufgehört|entschieden|beschlossen|gewechselt|bestanden|verloren|gewonnen)$`;
export const PARTICIPLE_END = /\b(?:\p{Ll}*ge\p{Ll}{2,}(?:t|en)|\p{Ll}{3,}iert|(?:be|ver|ent|er|zer)\p{Ll}{3,}(?:t|en))$/u;

export const PASSING_STATE = pattern('i')`
  ^(?:nicht |sehr |so |ganz |echt |total |gerade |noch |schon |etwas |ein bisschen |mir |ziemlich |wieder |auch |jetzt )*(?:müde|
  froh|sicher|unsicher|gespannt|da|hier|fertig|dabei|neugierig|traurig|wütend|gestresst|krank|dankbar|der meinung|einverstanden|
  überrascht|glücklich|verwirrt|bereit|unterwegs|zurück|weg|gerade|auf der suche|am überlegen|begeistert|zufrieden|enttäuscht|
  nervös)\b`;
export const PASSING_OBJECT = pattern('iu')`
  \b(?:frage|fragen|problem|probleme|ahnung|hunger|durst|zeit|lust|idee|fehler|hilfe|tipps?|rat|ratschläge?|vorschl\p{L}+|
  empfehlung\p{L}*|information\p{L}*|infos?|beispiele?|antwort\p{L}*|überblick|erklärung|anregung\p{L}*)\b`;
export const REQUEST = /\b(?:wissen|fragen|verstehen|hören|sehen|erfahren|klären|besprechen|sagen|reden|sprechen)$/i;

export const LEAD_IN = pattern('iu')`
  ^(?:(?:ja|nein|also|übrigens|ach|oh|hallo|hi|hey|moin|danke|vielen dank|ok|okay|genau|naja|nun|gut|super|stimmt|ehrlich gesagt|
  wie gesagt|apropos|alles klar)[,!.:]*\s+|(?:und|aber|denn|doch|außerdem|also)\s+(?=(?:ich|mein\p{L}*)\b))`;
export const REMEMBER = pattern('i')`
  ^(?:bitte |und |also )*(?:merk(?:e)? dir(?: bitte)?|denk(?:e)?(?: bitte)? daran|vergiss(?: bitte)? nicht|beachte(?: bitte)?|
  zur info|nur zur info|fürs protokoll)[,:]?\s+(?:dass\s+)?`;
/** Openings that are written small once `Der Nutzer` stands before them. */
export const SMALL_OPENING = pattern('iu')`
  ^(?:am|im|in|an|auf|bei|beim|mit|nach|seit|vor|für|zum|zur|zu|ab|morgens|abends|mittags|nachts|montags|dienstags|mittwochs|
  donnerstags|freitags|samstags|sonntags|normalerweise|meistens|meist|eigentlich|leider|derzeit|momentan|zurzeit|aktuell|gerade|
  früher|jetzt|heute|morgen|gestern|oft|manchmal|immer|nie|lieber|gern|gerne|beruflich|privat|ursprünglich|inzwischen|
  mittlerweile|nächste\p{L}*|letzte\p{L}*|jede\p{L}*|dort|hier|außerdem|besonders|grundsätzlich|generell|unter|über|während|wegen|
  ohne|demnächst|bald|dieses|diesen|diese)\b`;
