/** Whether a title is meant by what was typed: its letters in their order, word beginnings or not. */
export function matches(title: string, typed: string): boolean {
  const text = title.toLowerCase();
  let from = 0;
  for (const letter of typed.toLowerCase().replaceAll(' ', '')) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}
