/** The planner's name, as this browser last knew it: goes into the log and owns the drafts. */
const WHO_KEY = 'wangge.who';

export const rememberedWho = () => localStorage.getItem(WHO_KEY) ?? '';

export function rememberWho(who: string) {
  localStorage.setItem(WHO_KEY, who.trim());
}
