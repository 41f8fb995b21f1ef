/** Texts written for these tests, each with its length in tokens of o200k_base as js-tiktoken 1.0.21 counts it. */
export interface TokenSample {
  name: string;
  text: string;
  o200k: number;
}

const english = [
  'I moved to Hamburg in March because the commute from Bremen was wearing me down. My sister keeps asking whether I miss the old flat, and to be honest I only miss the balcony. If you plan anything for the weekend, please remember that I get up early on Saturdays to row.',
  'The quarterly review covered three topics: the budget, which is now forty thousand euros below plan; the hiring freeze, which ends in July; and the migration of our billing system. Everybody agreed that the migration carries the largest risk, since nobody who wrote the original integration still works here.',
  "Sure! Here's what I'd suggest: start with a light breakfast, don't skip the stretching, and keep the first run under 20 minutes. You'll feel sore on day two - that's normal. After a week, we can look at your heart-rate data and adjust.",
  'Asynchronous reconciliation of denormalised representations necessitates idempotent acknowledgement semantics; otherwise, deduplication heuristics misclassify retransmissions, and compensating transactions proliferate throughout downstream subsystems.',
];

const german = [
  'Ich bin im März nach Hamburg gezogen, weil mich das Pendeln aus Bremen zermürbt hat. Meine Schwester fragt ständig, ob ich die alte Wohnung vermisse, und ehrlich gesagt fehlt mir nur der Balkon. Wenn du etwas fürs Wochenende planst, denk bitte daran, dass ich samstags früh aufstehe, um zu rudern.',
  'Die Geschwindigkeitsbegrenzung auf der Bundesautobahn wurde vom Verkehrsministerium nach einer mehrjährigen Untersuchung der Unfallhäufigkeit verschärft. Umweltverbände begrüßten die Entscheidung, während Wirtschaftsvertreter erhebliche Verzögerungen im Güterverkehr befürchten.',
  'Klar, gern! Am besten fängst du mit einem leichten Frühstück an und machst danach ein paar Dehnübungen. Trink genug Wasser, lauf nicht zu schnell und hör auf, wenn dir etwas weh tut. Nach einer Woche schauen wir uns gemeinsam deine Werte an.',
  'Sehr geehrte Frau Lindner, hiermit kündige ich meinen Mietvertrag fristgerecht zum 30. September 2026. Bitte bestätigen Sie mir den Eingang dieses Schreibens schriftlich und teilen Sie mir mit, wann die Wohnungsübergabe stattfinden kann. Die Kaution überweisen Sie bitte auf das Ihnen bekannte Konto.',
];

const chinese = [
  '我三月份搬到了杭州，因为每天从上海坐高铁上下班实在太累了。姐姐总问我会不会想念以前的房子，说实话，我只想念那个阳台。如果你要安排周末的活动，请记得我星期六早上要去划船。',
  '本季度的会议讨论了三个问题：预算比计划少了四万元；招聘冻结将在七月结束；计费系统需要迁移到新的平台。大家一致认为迁移的风险最大，因为当初编写这套接口的人都已经离职了。',
  '当然可以！建议你先吃一点清淡的早餐，然后做几分钟拉伸运动。第一次跑步不要超过二十分钟，记得多喝水。第二天肌肉酸痛是正常现象，不用担心，一周以后我们再根据心率数据调整计划。',
  '分布式系统中的一致性协议要求每个副本在提交之前获得多数节点的确认，否则网络分区恢复之后可能出现数据丢失或者重复写入的情况。',
];

const code = [
  `export async function withRetry<T>(work: () => Promise<T>, attempts = 3): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts) throw error;
      await delay(100 * 2 ** attempt);
    }
  }
}`,
  `def moving_average(values, window=5):
    """Return the mean of each window of the series."""
    if window <= 0:
        raise ValueError("window must be positive")
    total = sum(values[:window])
    result = [total / window]
    for index in range(window, len(values)):
        total += values[index] - values[index - window]
        result.append(total / window)
    return result`,
  `{
  "service": "billing",
  "replicas": 3,
  "ports": [{ "name": "http", "containerPort": 8080 }],
  "env": { "LOG_LEVEL": "info", "DATABASE_URL": "postgres://localhost:5432/billing" },
  "resources": { "limits": { "cpu": "500m", "memory": "256Mi" } }
}`,
  `SELECT c.customer_id, c.full_name, SUM(o.amount_cents) / 100.0 AS revenue
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.customer_id AND o.created_at >= '2026-01-01'
WHERE c.country_code IN ('DE', 'AT', 'CH')
GROUP BY c.customer_id, c.full_name
HAVING COUNT(o.order_id) > 2
ORDER BY revenue DESC
LIMIT 50;`,
];
const counted = { english: [57, 57, 53, 40], german: [69, 57, 57, 67], chinese: [64, 57, 62, 40], code: [80, 86, 88, 98] };

export const samples: TokenSample[] = Object.entries({ english, german, chinese, code }).flatMap(([name, texts]) =>
  texts.map((text, index) => ({ name: `${name} ${index + 1}`, text, o200k: counted[name as keyof typeof counted][index]! })),
);
