/**
 * Tab completion: commands where a command stands, variables behind `$`, names of modules behind modprobe and rmmod, and paths.
 */
import { DirectoryNode } from '../linux/fs/vfs.ts';
import type { Shell } from './shell.ts';

/** Words of the language and builtins that a command line may begin with. */
const WORDS = (
  'alias bg break case cd continue declare disown do done echo elif else esac eval exec exit export false fg fi for function getopts hash help ' +
  'history if jobs kill let local printf pwd read readonly return set shift shopt source test then time trap true type umask unalias unset until wait while'
).split(' ');

const MODULE_COMMANDS = new Set(['modprobe', 'rmmod', 'insmod', 'modinfo']);

/** Completions of the end of `line`, and the part of it that they replace. */
export function complete(shell: Shell, line: string, modules: readonly string[]): readonly [completions: readonly string[], word: string] {
  const [word] = /(?:\\.|[^\s|&;<>()"'`=])*$/.exec(line)!;
  const before = line.slice(0, line.length - word.length);
  const command = /(?:^|[|&;(]|\b(?:do|then|else|sudo|timeout \S+))\s*$/.test(before);
  if (word.startsWith('$')) {
    const names = [...shell.variableNames].filter((name) => /^\w+$/.test(name)).map((name) => `$${name}`);
    return [starting(names, word), word];
  }
  if (command && !word.includes('/')) {
    const names = [...WORDS, ...shell.land.programs.keys(), ...shell.land.filters, ...shell.functionNames];
    return [starting([...new Set(names)], word).map((name) => `${name} `), word];
  }
  const [first = ''] = /[^|&;]*$/.exec(before)![0].trim().split(/\s+/);
  if (MODULE_COMMANDS.has(first) && !word.includes('/')) return [starting(modules, word).map((name) => `${name} `), word];
  return [paths(shell, word), word];
}

function starting(names: readonly string[], word: string): string[] {
  return names.filter((name) => name.startsWith(word)).sort();
}

function paths(shell: Shell, word: string): string[] {
  const plain = word.replace(/\\(.)/g, '$1');
  const slash = plain.lastIndexOf('/');
  const directory = plain.slice(0, slash + 1);
  const name = plain.slice(slash + 1);
  const place = directory.startsWith('~/') ? `/root/${directory.slice(2)}` : directory === '' ? '.' : directory;
  const node = shell.process.stat(place);
  if (!(node instanceof DirectoryNode)) return [];
  const found = node.names().filter((each) => each.startsWith(name) && (name.startsWith('.') || !each.startsWith('.')));
  return found.sort().map((each) => {
    const target = shell.process.stat(`${place}/${each}`);
    return `${directory}${each}${target instanceof DirectoryNode ? '/' : ' '}`.replace(/[ $&;|<>()'"\\](?=.)/g, '\\$&');
  });
}
