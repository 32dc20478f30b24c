/** What was done and yet deserves a word, in the planner's language. */
import { formatNumber, tWord } from '../../i18n';
import type { Answer } from '../api/types';

export type Warning = Answer['warnings'][number];

const NUMBER = /\d+(?:\.\d+)?/g;
const PLACE = /\{([1-9])\}/g;

/**
 * The dictionary's text for the warning's code, `{1}` being the first number in the server's sentence. The sentence itself where the
 * dictionary has no text, or the sentence has not the numbers it needs.
 */
export function warningText({ code, message }: Warning): string {
  const text = tWord('desk.warning', code);
  const numbers = message.match(NUMBER) ?? [];
  const places = [...text.matchAll(PLACE)].map(([, place]) => Number(place));
  if (text === code || places.some((place) => place > numbers.length)) return message;
  return text.replace(PLACE, (_, place: string) => formatNumber(Number(numbers[Number(place) - 1])));
}
