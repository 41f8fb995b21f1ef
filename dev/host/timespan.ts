const TIME_SPAN = /^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/;
const MS_PER_DAY = 86_400_000;

/** Milliseconds of a .NET TimeSpan such as `00:00:02`, `1.00:00:00` or `00:00:00.1`. Throws on anything else. */
export function parseTimeSpan(text: string): number {
  const match = TIME_SPAN.exec(text);
  if (!match) throw new Error(`'${text}' is not a TimeSpan ([-][d.]hh:mm[:ss[.fffffff]])`);
  const [, sign, days = 0, hours, minutes, seconds = 0, fraction = 0] = match;
  const whole = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  const milliseconds = Number(days) * MS_PER_DAY + whole + Math.round(Number(`0.${fraction}`) * 1000);
  return sign ? -milliseconds : milliseconds;
}

/** True for a text that is meant as a TimeSpan: timers take either that or a cron expression. */
export function isTimeSpan(text: string): boolean {
  return TIME_SPAN.test(text);
}
