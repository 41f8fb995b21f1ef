import type { Message, SessionHead } from '../../model.ts';

/** Consecutive messages that belong together. */
export interface Turn {
  turn_id: string;
  turn_no: number;
  messages: Message[];
}

/** Groups messages, oldest first, by the turn they were stored in. */
export function turnsOf(messages: Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.turn_no === message.turn_no) last.messages.push(message);
    else turns.push({ turn_id: message.turn_id, turn_no: message.turn_no, messages: [message] });
  }
  return turns;
}

/** Turns and messages of the current epoch. */
export const turnCount = (head: SessionHead): number => head.turn_no - head.epoch_turn;
export const messageCount = (head: SessionHead): number => head.last_seq - head.epoch_seq;
