const DAY_MS = 86_400_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';

/** A calendar date as far as a query names it; months from 0. */
export interface NamedDate {
  year?: number;
  month?: number;
  day?: number;
}

const monthAt = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase());
const yearAt = (digits: string | undefined): { year?: number } => (digits ? { year: Number(digits) } : {});

/** Tried in this order; what one has read is not read again. English months and ISO dates. */
const FORMS: { form: RegExp; read: (groups: string[]) => NamedDate }[] = [
  {
    form: new RegExp(String.raw`\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH}\b\.?,?(?: (\d{4}))?`, 'gi'),
    read: ([day, month = '', year]) => ({ day: Number(day), month: monthAt(month), ...yearAt(year) }),
  },
  {
    form: new RegExp(String.raw`\b${MONTH}\.? (\d{1,2})(?:st|nd|rd|th)?\b,?(?: (\d{4}))?`, 'gi'),
    read: ([month = '', day, year]) => ({ month: monthAt(month), day: Number(day), ...yearAt(year) }),
  },
  {
    form: /\b(\d{4})-(\d{2})-(\d{2})\b/g,
    read: ([year, month, day]) => ({ year: Number(year), month: Number(month) - 1, day: Number(day) }),
  },
  {
    form: new RegExp(String.raw`\b${MONTH}\.?,?(?: of)? (\d{4})\b`, 'gi'),
    read: ([month = '', year]) => ({ month: monthAt(month), ...yearAt(year) }),
  },
  {
    form: new RegExp(String.raw`\b(?:in|during|since|until|by|of|last|this|early|late|mid) ${MONTH}\b`, 'gi'),
    read: ([month = '']) => ({ month: monthAt(month) }),
  },
  { form: /\b(20\d{2})\b/g, read: ([year]) => yearAt(year) },
];

/** Every calendar date that a query names, in part or whole. */
export function datesIn(query: string): NamedDate[] {
  const found: NamedDate[] = [];
  let rest = query;
  for (const { form, read } of FORMS) {
    rest = rest.replace(form, (_match, ...groups) => {
      found.push(read(groups));
      return ' ';
    });
  }
  return found;
}

/**
 * How well a time (ms) fits a named date, 0–1: the day itself 1, told within the week after 0.6, just before 0.3; the month 0.7, its
 * echo early in the next 0.35; the year 0.3. Measured on labelled conversations (docs/benchmarks.md).
 */
export function dateFit(at: number, { year, month, day }: NamedDate): number {
  const when = new Date(at);
  if (year !== undefined && when.getUTCFullYear() !== year) return 0;
  if (month === undefined) return 0.3;
  if (day === undefined) {
    if (when.getUTCMonth() === month) return 0.7;
    return (when.getUTCMonth() + 11) % 12 === month && when.getUTCDate() <= 10 ? 0.35 : 0;
  }
  const days = (at - Date.UTC(year ?? when.getUTCFullYear(), month, day, 12)) / DAY_MS;
  if (Math.abs(days) < 1) return 1;
  if (days > 0 && days <= 8) return 0.6;
  return Math.abs(days) <= 3 ? 0.3 : 0;
}

const NUMBER = '(?:\\d+|a|an|one|two|three|four|five|six|seven|eight|nine|ten|few|couple)';
const WEEKDAY = '(?:mon|tues|wednes|thurs|fri|satur|sun)';
const SEASON = '(?:summer|winter|spring|fall|autumn)';
const TIME_EXPRESSION = new RegExp(
  String.raw`\b(?:today|tonight|tomorrow|yesterday|since|${WEEKDAY}day` +
    `|(?:last|this|next) (?:night|week|weekend|month|year|${SEASON}|${WEEKDAY})` +
    String.raw`|(?:\w+ )?(?:day|week|month|year|hour)s? ago` +
    `|(?:for|in) (?:the (?:past|last) )?${NUMBER}(?: of)? (?:day|week|month|year)s?` +
    '|january|february|march|april|may|june|july|august|september|october|november|december' +
    String.raw`|\d{1,2}(?:st|nd|rd|th)|20\d{2}|\d{1,2} ?(?:am|pm))\b`,
  'i',
);
const ASKS_WHEN =
  /\b(?:when|what (?:date|day|month|year|time)|which (?:date|day|month|year)|how long|how many (?:days|weeks|months|years)|since when)\b/i;

/** Whether a text says when: it is more likely to answer who asks for a time. */
export const saysWhen = (text: string): boolean => TIME_EXPRESSION.test(text);
/** Whether a query asks for a time or a span of time. */
export const asksWhen = (query: string): boolean => ASKS_WHEN.test(query);
