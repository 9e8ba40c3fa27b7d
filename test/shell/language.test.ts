/** The shell's language over the kernel's processes: what bash prints, to the letter, for what users type. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShellFixture, shellOn } from './fixture.ts';

let shell: ShellFixture;

beforeAll(async () => {
  shell = await shellOn();
  await shell.run('sleep 0.1');
});

afterAll(() => shell.dispose());

/** Script, what it prints, its status (0 unless given), and standard error (none unless given). */
type Case = readonly [script: string, stdout: string, status?: number, stderr?: string];

function table(name: string, cases: readonly Case[]): void {
  describe(name, () => {
    const named = cases.map(([script, stdout, status = 0, stderr = '']) => ({ script, stdout, status, stderr }));
    it.each(named)('$script', async ({ script, stdout, status, stderr }) => {
      expect(await shell.run(script)).toEqual({ stdout, stderr, status });
    });
  });
}

table('words', [
  ['x=5; echo "a $x" \'$x\' b* \\$x', 'a 5 $x b* $x\n'],
  ['echo $(echo one; echo two) `echo three`', 'one two three\n'],
  ['echo $((2 + 3 * 4)) {1..3} ~', '14 1 2 3 /root\n'],
  ['a=(1 "2 3" 4); echo ${a[1]} ${#a[@]} $(echo ${a[2]})', '2 3 3 4\n'],
  ['set -- p q r; echo $# $2 "$@"; shift; echo $1', '3 q p q r\nq\n'],
  ['x=abc; echo ${x#a} ${x/b/X} ${y:-none} ${#x}', 'bc aXc none 3\n'],
  ["printf '%s|%5d|%-3s|%x\\n' a 42 b 255; printf '\\x41\\102\\n'; printf -v v %03d 7; echo $v", 'a|   42|b  |ff\nAB\n007\n'],
  ["echo -n a; echo -e 'b\\tc'", 'ab\tc\n'],
]);

table('pipes and redirections', [
  ['echo hello > /tmp/a; cat < /tmp/a | tr a-z A-Z; cat /tmp/a >> /tmp/a2; wc -l < /tmp/a2', 'HELLO\n1\n'],
  ['cat <<E | grep -c .\nhi $HOME\n"quoted"\nE\ncat <<\'E\'\n$HOME\nE\ncat <<< here', '2\n$HOME\nhere\n'],
  ['{ echo out; echo err >&2; } 2>&1 | sort; ls /nowhere 2> /dev/null; echo $?', 'err\nout\n2\n'],
  ['ls /nowhere |& cat', "ls: cannot access '/nowhere': No such file or directory\n"],
  ['echo x > /sys/class/nope', '', 1, 'bash: /sys/class/nope: Permission denied\n'],
  [
    'cat < /nowhere; echo $?; echo a > /nowhere/b; echo $?',
    '1\n1\n',
    0,
    'bash: /nowhere: No such file or directory\nbash: /nowhere/b: No such file or directory\n',
  ],
  ['exec 3<>/tmp/fd; echo new >&3; exec 3>&-; cat /tmp/fd; echo x >&3', 'new\n', 1, 'bash: 3: Bad file descriptor\n'],
  ['exec {n}>/tmp/n; echo $n; echo y >&$n; cat /tmp/n', '10\ny\n'],
  ['yes | head -2; echo ${PIPESTATUS:-}', 'y\ny\n0\n'],
  ['false | true; echo $?; set -o pipefail; false | true; echo $?', '0\n1\n'],
  ['f=$(mktemp 2>/dev/null || echo /tmp/q); echo z > $f; cat "$f"', 'z\n'],
  [
    'echo abc > /tmp/r; echo "$(< /tmp/r)" $(</tmp/r); x=$(< /nowhere); echo $?',
    'abc abc\n1\n',
    0,
    'bash: /nowhere: No such file or directory\n',
  ],
  ['cat <<< a=b; base64 -d <<< aGk=; echo x > /tmp/k=v; cat /tmp/k=v', 'a=b\nhix\n'],
  ['cat $unset < a b', '', 1, 'bash: a: No such file or directory\n'],
]);

table('what just-bash would take from elsewhere', [
  ['cat <(echo one; echo two) <(echo three)', 'one\ntwo\nthree\n'],
  ['mapfile -t lines < /proc/filesystems; [ ${#lines[@]} -gt 3 ] && echo many', 'many\n'],
  ['[ $RANDOM -lt 32768 ] && echo $((RANDOM % 1 + 7)); sleep 2; echo $((SECONDS >= 2)) $((SECONDS < 3))', '7\n1 1\n'],
  ['echo x > /dev/stdout; cat /dev/stdin <<< in; echo e > /dev/stderr; echo t | tee /dev/stderr', 'x\nin\nt\n', 0, 'e\nt\n'],
  ['f() { cat <<X\nin f $1\nX\n}\nf 5', 'in f 5\n'],
]);

table('control', [
  ['for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done', '1\n3\n'],
  ['i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done > /tmp/l; cat /tmp/l', '1\n2\n3\n'],
  ['for i in 1 2; do { echo $i; break; } > /tmp/b; done; echo out; cat /tmp/b', 'out\n1\n'],
  ['f() { for i in 1 2; do { [ $i = 2 ] && return 7; echo $i; } > /tmp/f; done; }; f; echo $? ; cat /tmp/f', '7\n'],
  ['f() { echo in $1; return 3; }; f a; echo $?; f b | cat', 'in a\n3\nin b\n'],
  ['case abc in a*) echo m;; *) echo n;; esac; if [[ -e /sys && ! -e /nowhere ]]; then echo yes; fi', 'm\nyes\n'],
  ['printf "1 2\\n3 4\\n" > ~/w; while read -r a b; do echo "$b-$a"; done < ~/w', '2-1\n4-3\n'],
  ['seq 3 | while read n; do echo n$n; done; echo a:b | { IFS=: read x y; echo $y; }', 'n1\nn2\nn3\nb\n'],
  ['set -e; false || echo saved; if false; then :; fi; ! true; echo alive; false; echo no', 'saved\nalive\n', 1],
  ['set -e; x=$(false); echo no', '', 1],
  ['(exit 4); echo $?; x=$(exit 5); echo $?; false || exit 6', '4\n5\n', 6],
  ['eval "echo hi | cat"; echo "y=2; echo sourced" > /tmp/s; . /tmp/s; echo $y', 'hi\nsourced\n2\n'],
  ['eval "if"', '', 2, 'bash: eval: line 1: syntax error: unexpected end of file\n'],
  ['trap "echo bye" EXIT; echo hi', 'hi\nbye\n'],
  ['set -u; echo $nothing; echo no', '', 1, 'bash: nothing: unbound variable\n'],
]);

table('names', [
  ['nosuch a; echo $?', '127\n', 0, 'bash: nosuch: command not found\n'],
  ['./nosuch; echo $?; /tmp; echo $?', '127\n126\n', 0, 'bash: ./nosuch: No such file or directory\nbash: /tmp: Is a directory\n'],
  [
    'echo "echo \\$0 \\$1" > /tmp/s.sh; /tmp/s.sh; chmod +x /tmp/s.sh; /tmp/s.sh x; sh /tmp/s.sh y',
    '/tmp/s.sh x\n/tmp/s.sh y\n',
    0,
    'bash: /tmp/s.sh: Permission denied\n',
  ],
  ['which cat modprobe nosuch; type cat', '/usr/bin/cat\n/usr/sbin/modprobe\ncat is /usr/bin/cat\n'],
  ['cmd=echo; $cmd dynamic; c="cat /tmp/s.sh"; $c | wc -l', 'dynamic\n1\n'],
  ['FOO=1 sh -c "echo \\$FOO"; env BAR=2 printenv BAR; sudo echo root', '1\n2\nroot\n'],
  ['systemctl status', '', 127, 'bash: systemctl: command not found\n'],
  [
    'curl http://localhost; python3 -c 1; js-exec 1',
    '',
    127,
    'bash: curl: command not found\nbash: python3: command not found\nbash: js-exec: command not found\n',
  ],
]);

table('jobs', [
  ['sleep 1 & wait $!; echo done $?', 'done 0\n'],
  ['sleep 100 & kill $!; wait $!; echo $?; sleep 100 & kill -9 %1; wait %1; echo $?', '143\n137\n'],
  ['(sleep 0.2; echo late) & echo early; wait', 'early\nlate\n'],
  ['sleep 50 & jobs; kill %1; wait', '[1]+  Running                 sleep 50 &\n'],
  [
    'kill %9; fg; wait 99999',
    '',
    127,
    'bash: kill: %9: no such job\nbash: fg: current: no such job\nbash: wait: pid 99999 is not a child of this shell\n',
  ],
  ['for i in 1 2 3; do (sleep 0.$i; echo $i) & done; wait; echo all', '1\n2\n3\nall\n'],
  ['timeout 1 sleep 5; echo $?; timeout 5 sleep 1; echo $?', '124\n0\n'],
  ['sleep 9999 | cat & p=$!; sleep 0.1; kill $p; kill $p 2>/dev/null; echo end', 'end\n'],
]);

describe('time', () => {
  it('passes for sleeping programs and for loops that do nothing, and not while bash thinks', async () => {
    const { scheduler } = shell.machine;
    const before = scheduler.seconds;
    await shell.run('sleep 10');
    expect(scheduler.seconds - before).toBeCloseTo(10, 2);
    expect((await shell.run('x=0; until [ -e /tmp/flag ]; do x=$((x+1)); [ $x = 100 ] && touch /tmp/flag; done; echo $x')).stdout).toBe(
      '100\n',
    );
    expect((await shell.run('time sleep 2')).stderr).toMatch(/^\nreal\t0m2\.00\ds\n/);
  });

  it('a device that is read by `read < device` gives what one read(2) gives, and -t ends it', async () => {
    const { stdout } = await shell.run(
      'read -t 0.001 x < /dev/zero; echo $?; read -n 3 y <<< abcdef; echo $y; sleep 5 | read -t 0.5 z; echo $?',
    );
    expect(stdout).toBe('142\nabc\n142\n');
  });

  it.each([
    ['awk', "awk 'BEGIN { while (1) ; }'; echo $?", /^awk: .*maximum iterations/, '126\n'],
    ['sed', "echo a | sed ':a;ba'; echo $?", /^sed: .*maximum iterations/, '126\n'],
    ['a filter with endless input', 'cat /dev/zero | sort; echo $?', /^sort: memory exhausted\n$/, '2\n'],
    ['an endless substitution', 'x=$(cat /dev/zero); echo $?', /^cat: .*Cannot allocate memory\n$/, '1\n'],
    ['a script without an end', 'bash /dev/zero; echo $?', /^bash: \/dev\/zero: Cannot allocate memory\n$/, '127\n'],
  ])('ends what would take all of the host: %s', async (_name, script, stderr, stdout) => {
    expect(await shell.run(script)).toEqual({ stdout, stderr: expect.stringMatching(stderr), status: 0 });
  });

  it('passes for programs that only copy', async () => {
    expect((await shell.run('timeout 0.01 cat /dev/zero > /dev/null; echo $?; timeout 0.01 yes > /dev/null; echo $?')).stdout).toBe(
      '124\n124\n',
    );
  });
});

describe('a plain file in /dev', () => {
  it('is remarked upon once, as no device can have its name then', async () => {
    const { diagnostics } = shell.machine;
    await shell.run(
      'echo a > /dev/ttyRPMSG0; echo b >> /dev/ttyRPMSG0; cat /dev/ttyRPMSG0; echo c > /dev/null; echo d > /dev/shm/x; echo e > /tmp/ttyRPMSG0',
    );
    await shell.run('cd /dev; echo a | tee ttyRPMSG1');
    expect(diagnostics.all.filter(({ block }) => block === 'Linux').map(({ text, count }) => [text, count])).toEqual([
      ['made a plain file /dev/ttyRPMSG0: there is no such device yet', 1],
      ['made a plain file /dev/ttyRPMSG1: there is no such device yet', 1],
    ]);
  });
});
