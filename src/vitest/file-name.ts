/** A name that every file system takes, made of a text such as a test's. */
export function fileName(text: string): string {
  return text
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 120);
}
