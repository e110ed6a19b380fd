import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { terminal } from '#cli/terminal.ts';

const open = ({ isTTY = true, environment = {} as NodeJS.ProcessEnv } = {}) => {
  let screen = '';
  const stream = (): NodeJS.WriteStream => {
    const through = Object.assign(new PassThrough(), { isTTY, columns: 20 });
    through.setEncoding('utf8').on('data', (chunk: string) => {
      screen += chunk;
    });
    return through as unknown as NodeJS.WriteStream;
  };
  const out = terminal({ stdout: stream(), stderr: stream() }, environment);
  return {
    out,
    async screen() {
      await new Promise((resolve) => setImmediate(resolve));
      return screen;
    },
  };
};

describe('a terminal', () => {
  it('takes the live line away before a line that stays, and puts it back', async () => {
    const { out, screen } = open();

    out.status('working');
    out.print('done');
    out.status(undefined);

    expect(await screen()).toBe('\r\x1b[Kworking\r\x1b[Kdone\n\r\x1b[Kworking\r\x1b[K');
  });

  it('cuts a live line that would wrap', async () => {
    const { out, screen } = open();

    out.status('x'.repeat(30));

    expect(await screen()).toBe(`\r\x1b[K${'x'.repeat(18)}…`);
  });

  it.each([
    ['when nobody watches', { isTTY: false }],
    ['in CI', { environment: { CI: 'true' } }],
    ['where the terminal is dumb', { environment: { TERM: 'dumb' } }],
  ])('prints plain lines only %s', async (_, options) => {
    const { out, screen } = open(options);

    out.status('working');
    out.print('done');
    out.note('beside');

    expect(out.isLive).toBe(false);
    expect((await screen()).split('\n').sort()).toEqual(['', 'beside', 'done']);
  });
});
