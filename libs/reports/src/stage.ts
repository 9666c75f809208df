import { inOrder, type Since } from './timeline';

/**
 * The stages reached, each from the day it was reached: in order of day, and of one day in the
 * order recorded, an entry counts only if it is further than all before it. So what is learned
 * late about an earlier day reshapes the timeline from that day on.
 */
export function reached<Stage>(entries: readonly Since<Stage>[], ladder: readonly Stage[]): Since<Stage>[] {
  let highest = -1;
  return inOrder(entries).filter(({ value }) => {
    const rank = ladder.indexOf(value);
    if (rank <= highest) return false;
    highest = rank;
    return true;
  });
}
