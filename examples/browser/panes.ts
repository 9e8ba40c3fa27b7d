/** The parts of the page in which lines appear: consoles, dmesg, messages, what imx-sim has to say. */
import { dmesgTimestamp, terminalText } from 'imx-sim';
import type { Entry } from './protocol.ts';

/** Lines and messages kept in a pane; older ones go. */
const MOST_LINES = 2000;
/** Distance from the end, in px, within which a pane keeps showing its end. */
const NEAR_END = 40;

/** The element with this id. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** A new element with a class and a text. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, text = '', className = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** A list that grows at its end, follows it unless the reader has scrolled up, and forgets its oldest items. */
class Growing {
  private readonly items: HTMLElement;
  private readonly scroller: HTMLElement;
  private follows = true;
  private top = 0;

  constructor(items: HTMLElement, scroller = items) {
    this.items = items;
    this.scroller = scroller;
    scroller.addEventListener('scroll', () => this.scrolled());
    // Another console takes some of the room of this one.
    new ResizeObserver(() => this.follow()).observe(scroller);
  }

  append(...added: HTMLElement[]): void {
    const { items } = this;
    items.append(...added.slice(-MOST_LINES));
    while (items.childElementCount > MOST_LINES) items.firstElementChild?.remove();
    this.follow();
  }

  clear(): void {
    this.items.replaceChildren();
  }

  private follow(): void {
    if (this.follows) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Only the reader scrolls up; whoever is at the end wants to stay there. */
  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.follows = true;
    else if (scrollTop < this.top) this.follows = false;
    this.top = scrollTop;
  }

  /** Takes back the last item if it is the unfinished form of a line that follows. */
  dropPartial(): void {
    const last = this.items.lastElementChild;
    if (last?.classList.contains('partial')) last.remove();
  }
}

/** All panes of the page. */
export class Panes {
  private readonly dmesg = new Growing(byId('dmesg'));
  private readonly messages = new Growing(byId('messages'), byId('messages').closest<HTMLElement>('.scroll')!);
  private readonly says = new Growing(byId('says'));
  private readonly consoles = new Map<string, Growing>();
  private readonly send: (device: string, text: string) => void;
  private messageCount = 0;

  /** `send` gets what the user types below a console. */
  constructor(send: (device: string, text: string) => void) {
    this.send = send;
    this.clear();
  }

  /** Empties everything for the next run. */
  clear(): void {
    for (const pane of [this.dmesg, this.messages, this.says]) pane.clear();
    this.consoles.clear();
    byId('consoles').replaceChildren(make('section', 'Consoles of the firmware and of Linux appear here.', 'pane empty'));
    this.messageCount = 0;
    byId('message-count').textContent = '0';
  }

  /** Shows entries in the order in which they came. */
  show(entries: readonly Entry[]): void {
    const messages: HTMLElement[] = [];
    for (const entry of entries) {
      if (entry.type === 'line') this.line(entry);
      else if (entry.type === 'message') messages.push(messageRow(entry));
      else if (entry.type === 'say') this.says.append(...entry.lines.map((text) => make('li', text, entry.tone)));
    }
    if (messages.length === 0) return;
    this.messages.append(...messages);
    this.messageCount += messages.length;
    byId('message-count').textContent = String(this.messageCount);
  }

  private line({ source, seconds, text, level, complete }: Extract<Entry, { type: 'line' }>): void {
    const item = make('li', '', source === 'linux' ? tone(level) : complete ? '' : 'partial');
    if (source === 'linux') item.append(make('span', dmesgTimestamp(seconds), 'stamp'), text);
    else item.append(terminalText(text));
    const pane = source === 'linux' ? this.dmesg : this.console(source);
    pane.dropPartial();
    pane.append(item);
  }

  /** The console of a device, made when it first says something. */
  private console(device: string): Growing {
    const known = this.consoles.get(device);
    if (known) return known;
    const lines = make('ol', '', 'lines');
    lines.tabIndex = 0;
    lines.dataset['device'] = device;
    const section = make('section', '', 'pane');
    section.setAttribute('aria-label', device);
    section.append(make('h2', device), lines);
    if (device !== 'semihosting') section.append(this.inputFor(device));
    if (this.consoles.size === 0) byId('consoles').replaceChildren();
    byId('consoles').append(section);
    const pane = new Growing(lines);
    this.consoles.set(device, pane);
    return pane;
  }

  private inputFor(device: string): HTMLFormElement {
    const form = make('form');
    const input = make('input');
    input.placeholder = `type to ${device}`;
    input.setAttribute('aria-label', `Text for ${device}`);
    const button = make('button', 'Send');
    form.append(input, button);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send(device, `${input.value}\n`);
      input.value = '';
    });
    return form;
  }
}

function tone(level: number): string {
  if (level <= 3) return 'error';
  return level === 4 ? 'warning' : '';
}

function messageRow({ seconds, direction, src, dst, data }: Extract<Entry, { type: 'message' }>): HTMLTableRowElement {
  const row = make('tr');
  const way = direction === 'tx' ? 'Linux → core' : 'core → Linux';
  const address = (value: number) => `0x${value.toString(16)}`;
  const cells = [seconds.toFixed(6), way, `${address(src)} → ${address(dst)}`, String(data.length), readable(data)];
  row.append(...cells.map((text) => make('td', text)));
  return row;
}

/** Bytes as text where they are text, else in hex. */
function readable(data: Uint8Array): string {
  const end = data.indexOf(0);
  const text = end > 0 && data.subarray(end).every((byte) => byte === 0) ? data.subarray(0, end) : data;
  if (text.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 10 || byte === 13)) return new TextDecoder().decode(text).trimEnd();
  return [...data.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ') + (data.length > 32 ? ' …' : '');
}
