import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Corpus, createCorpus } from '../src/lib/memory/search/corpus.ts';
import { indexedMessages } from '../src/lib/memory/search/findable-item.ts';
import { rank } from '../src/lib/memory/search/rank.ts';
import { readQuery } from '../src/lib/memory/search/read-query.ts';
import { termsOf, wordsOf } from '../src/lib/memory/search/search-terms.ts';
import { plainBm25 } from './plain-bm25.ts';

const HELP = `Measures the ranking on labelled conversations, beside plain BM25, without a service and without a model.

  node bench/ranking.ts FILE.json …

A file holds { name, conversations: [{ id, sessions: [{ id, date, messages: [{ id, role, name, content }] }],
questions: [{ text, evidence: [message id] } or { text, evidence_sessions: [session id], as_of: session id }] }] }.
A question with as_of is asked before that session was stored.
`;

const Message = z.object({
  id: z.string(),
  role: z.enum(['user', 'assistant', 'system', 'tool']),
  name: z.string().optional(),
  content: z.string(),
});
const Session = z.object({ id: z.string(), date: z.string().nullish(), messages: z.array(Message) });
const Question = z.object({
  text: z.string(),
  as_of: z.string().optional(),
  evidence: z.array(z.string()).optional(),
  evidence_sessions: z.array(z.string()).optional(),
});
const Conversation = z.object({ id: z.string(), sessions: z.array(Session), questions: z.array(Question) });
const DataSet = z.object({ name: z.string(), conversations: z.array(Conversation) });
type Conversation = z.infer<typeof Conversation>;
type Question = z.infer<typeof Question>;

interface Grade {
  r1: number;
  r5: number;
  r10: number;
  mrr: number;
}
type Ranker = (corpus: Corpus, query: string) => number[];

const RANKERS: Record<string, Ranker> = {
  'plain BM25': (corpus, query) => plainBm25(corpus, termsOf(wordsOf(query)), 50),
  Keepsake: (corpus, query) => rank(corpus, readQuery(query, corpus), { isWanted: () => true, limit: 50 }).map(({ at }) => at),
};

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);

/** How much of the evidence is among the first hits; of sessions, each counts where it first appears. */
function grade(corpus: Corpus, hits: number[], { evidence, evidence_sessions }: Question): Grade {
  const wanted = new Set(evidence ?? evidence_sessions);
  const name = (at: number): string => (evidence ? corpus.items[at]?.doc : corpus.items[at]?.session_id) ?? '';
  const ranked = [...new Set(hits.map(name))];
  const covered = (count: number) => mean([...wanted].map((one) => (ranked.slice(0, count).includes(one) ? 1 : 0)));
  const first = ranked.findIndex((one) => wanted.has(one));
  return { r1: covered(1), r5: covered(5), r10: covered(10), mrr: first < 0 ? 0 : 1 / (first + 1) };
}

/** Each message as a document of its own, so that its id names it. */
function store(corpus: Corpus, { id: session_id, date, messages }: z.infer<typeof Session>): void {
  const created_at = date ?? '1970-01-01T00:00:00.000Z';
  for (const [i, { id, role, name, content }] of messages.entries()) {
    const message = { seq: i + 1, message_id: id, turn_no: 1, turn_id: id, role, content, created_at, tokens: 0, ...(name && { name }) };
    const at = { pk: '', kind: 'append' as const, schema_version: 1 as const, session_id, epoch: 0, first_seq: i + 1, last_seq: i + 1 };
    for (const { item, counts } of indexedMessages({ ...at, id, stored_at: created_at, messages: [message] })) corpus.add(item, counts);
  }
}

function measure({ sessions, questions }: Conversation): Record<string, Grade[]> {
  const corpus = createCorpus();
  const grades: Record<string, Grade[]> = Object.fromEntries(Object.keys(RANKERS).map((name) => [name, []]));
  const ask = (question: Question) => {
    for (const [name, find] of Object.entries(RANKERS)) grades[name]?.push(grade(corpus, find(corpus, question.text), question));
  };
  for (const session of sessions) {
    questions.filter(({ as_of }) => as_of === session.id).forEach(ask);
    store(corpus, session);
  }
  questions.filter(({ as_of }) => as_of === undefined).forEach(ask);
  return grades;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });
if (values.help || positionals.length === 0) process.stdout.write(HELP);
for (const file of positionals) {
  const { name, conversations } = DataSet.parse(JSON.parse(readFileSync(file, 'utf8')));
  const all = conversations.map(measure);
  for (const ranker of Object.keys(RANKERS)) {
    const grades = all.flatMap((one) => one[ranker] ?? []);
    const of = (key: keyof Grade) => mean(grades.map((row) => row[key])).toFixed(3);
    const figures = `R@1 ${of('r1')}  R@5 ${of('r5')}  R@10 ${of('r10')}  MRR ${of('mrr')}`;
    process.stdout.write(`${name.padEnd(10)} ${ranker.padEnd(10)} ${figures}  (${grades.length} questions)\n`);
  }
}
