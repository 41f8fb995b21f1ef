/** What the client says, and what the advisor answers given what is known about her. */
export interface Exchange {
  client: string;
  advisor: (known: string[]) => string;
}

const says =
  (text: string): Exchange['advisor'] =>
  () =>
    text;

/** What is known about these subjects, then what follows from it. A stranger gets another answer. */
function advise(subjects: RegExp[], advice: string): Exchange['advisor'] {
  return (known) => {
    const found = subjects.flatMap((subject) => known.find((line) => subject.test(line)) ?? []);
    const statements = found.map((line) => line.replace(/^[^:]*: /, '').replace(/\.$/, ''));
    if (statements.length === 0) return 'I know nothing about you yet. Tell me about yourself first.';
    return `I remember: ${[...new Set(statements)].join('; ')}. ${advice}`;
  };
}

/** Document 0's scenario: build a profile; investment advice that knows it; tax strategy on all that was said. */
export const CONSULTATIONS: { title: string; exchanges: Exchange[] }[] = [
  {
    title: 'the client introduces herself',
    exchanges: [
      {
        client: 'I am Lena. I am 42 years old and I work as an architect in Hamburg.',
        advisor: says('Welcome, Lena. Who depends on your money, and what shall it do?'),
      },
      {
        client: 'I have two children, Jonas and Mara. My goal is to retire at 60.',
        advisor: says('Eighteen years are a good stretch. How do you feel about risk?'),
      },
      {
        client: 'I prefer low-risk investments, and I never invest in tobacco or weapons.',
        advisor: says('Noted. Next time we talk about what to invest in.'),
      },
    ],
  },
  {
    title: 'investment advice',
    exchanges: [
      {
        client: 'I have 50,000 euros in a savings account. How should I invest it?',
        advisor: advise([/risk/i, /tobacco|weapons/i, /retire/i], 'So: mostly bonds, and for the long run a screened index fund.'),
      },
      {
        client: 'Good. I have decided to put 500 euros a month into the screened index fund.',
        advisor: says('A steady plan. Next time we look at your taxes.'),
      },
    ],
  },
  {
    title: 'tax strategy',
    exchanges: [
      {
        client: 'My tax return is due in July. What should I think of?',
        advisor: advise(
          [/children/i, /architect/i, /index fund/i],
          'So: child allowances, professional costs, and an exemption order for the fund.',
        ),
      },
    ],
  },
];
