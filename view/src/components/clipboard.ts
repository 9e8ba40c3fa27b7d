/** Copying, with a word that it was done. */
import { toast } from '../toast-store.ts';

/** Puts text on the clipboard, and says so (or why not). */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast('note', `Copied ${text.length > 40 ? `${text.length} characters` : text}`);
  } catch {
    toast('warning', 'The browser does not let this page use the clipboard: it needs https, or localhost.');
  }
}
