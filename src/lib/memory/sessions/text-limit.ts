import { MemoryError } from '../../errors.ts';

/** Refuses messages longer than MESSAGE_MAX_CHARS, by place and length. Errors: invalid_body. */
export function refuseLongTexts(messages: { content: string }[], maxChars: number): void {
  const place = messages.findIndex(({ content }) => content.length > maxChars);
  const length = messages[place]?.content.length;
  if (length === undefined) return;
  throw new MemoryError('invalid_body', `messages.${place}.content: must have at most ${maxChars} characters, saw ${length}`);
}
