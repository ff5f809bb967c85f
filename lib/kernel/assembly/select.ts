/** Selection among words in scratch memory. */
import { SORTED } from './layout';

/** Hoare's selection among the first `members` words at SORTED. */
export function nthSmallest(members: u32, nth: u32): u32 {
  let from: i32 = 0;
  let to: i32 = <i32>members - 1;
  while (from < to) {
    const pivot = load<u32>(SORTED + <u32>((from + to) >> 1) * 4);
    let left = from;
    let right = to;
    while (left <= right) {
      while (load<u32>(SORTED + <u32>left * 4) < pivot) left++;
      while (load<u32>(SORTED + <u32>right * 4) > pivot) right--;
      if (left <= right) {
        const held = load<u32>(SORTED + <u32>left * 4);
        store<u32>(SORTED + <u32>left * 4, load<u32>(SORTED + <u32>right * 4));
        store<u32>(SORTED + <u32>right * 4, held);
        left++;
        right--;
      }
    }
    if (<i32>nth <= right) to = right;
    else if (<i32>nth >= left) from = left;
    else break;
  }
  return load<u32>(SORTED + nth * 4);
}
