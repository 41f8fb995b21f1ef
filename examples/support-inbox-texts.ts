// Fifty conversations of a support inbox, put together from parts so that every customer has a story of their own and comes back.

/** One conversation as an inbox exports it. */
export interface Ticket {
  customer: string;
  session: string;
  /** When it happened, ISO 8601. */
  at: string;
  text: string;
}

const CUSTOMERS = ['nora', 'omar', 'priya', 'quentin', 'rosa', 'sven', 'tara', 'umut', 'vera', 'will'];
const CITIES = ['Utrecht', 'Malaga', 'Leeds', 'Lyon', 'Turin', 'Bergen', 'Galway', 'Izmir', 'Prague', 'Perth'];
const HABITS = [
  'I prefer delivery in the evening',
  'I am allergic to wool',
  'I prefer email over phone calls',
  'I always pay by invoice',
  'I dislike plastic packaging',
];
const PETS = ['a cat called Miso', 'a dog called Rex', 'two rabbits', 'a parrot called Kiwi', 'an old tortoise'];
const ORDERS = ['a desk lamp', 'running shoes', 'a rain jacket', 'a coffee grinder', 'a set of knives'];
const TROUBLE = ['arrived late', 'was missing a part', 'came in the wrong colour', 'would not switch on', 'was charged twice'];
const AGENTS = ['Mia', 'Jonas', 'Lena'];

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length] as T;

/** What a customer says about themselves in their first, second … conversation. */
const TELLS: ((customer: number) => string)[] = [
  (n) => `I live in ${pick(CITIES, n)}.`,
  (n) => `${pick(HABITS, n)}.`,
  (n) => `I have ${pick(PETS, n)}, so please leave the parcel inside.`,
  (n) => `I work as a ${pick(['teacher', 'nurse', 'carpenter', 'translator', 'baker'], n)}, so mornings are bad for me.`,
  (n) => `I moved to ${pick(CITIES, n + 3)}.`,
];

/** Three ways in which chats are exported. */
const STYLES: ((lines: [string, string][], at: { agent: string; hour: number }) => string)[] = [
  (lines) => lines.map(([customer, agent]) => `Customer: ${customer}\nSupport: ${agent}`).join('\n'),
  (lines, { agent }) => lines.map(([customer, reply]) => `**Customer:** ${customer}\n\n**Agent ${agent}:** ${reply}`).join('\n\n'),
  (lines, { agent, hour }) =>
    lines.map(([customer, reply], i) => `[${hour}:${10 + i}] User: ${customer}\n[${hour}:${10 + i}] Support ${agent}: ${reply}`).join('\n'),
];

function conversation(customer: number, visit: number): [string, string][] {
  const [order, trouble] = [pick(ORDERS, customer + visit), pick(TROUBLE, customer * 2 + visit)];
  const tells = pick(TELLS, visit)(customer);
  return [
    [`Hello, I ordered ${order} and it ${trouble}.`, 'I am sorry to hear that. Let me look it up.'],
    [`Thanks. ${tells}`, 'Good to know, I have put that in your notes.'],
    ['Can you send a new one?', 'It is on its way and will be there in three days.'],
    ['Great, thank you!', 'You are welcome.'],
  ];
}

/** The tickets in the order in which they happened: every customer writes five times. `run` keeps one run apart from another. */
export function tickets(run: string): Ticket[] {
  return Array.from({ length: CUSTOMERS.length * TELLS.length }, (_, n) => {
    const [customer, visit] = [n % CUSTOMERS.length, Math.floor(n / CUSTOMERS.length)];
    const name = `${pick(CUSTOMERS, customer)}-${run}`;
    const hour = 9 + (n % 8);
    const at = new Date(Date.UTC(2026, visit, 3 + customer, hour)).toISOString();
    const text = pick(STYLES, n)(conversation(customer, visit), { agent: pick(AGENTS, n), hour });
    return { customer: name, session: `ticket-${run}-${n + 1}`, at, text };
  });
}
