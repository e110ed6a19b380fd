import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { draw, pictureOf } from '../../scripts/graphs/draw.ts';
import { graphOf } from '../../scripts/graphs/graph.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const names = readdirSync(join(ROOT, 'statemachines'))
  .filter((file) => file.endsWith('.asl.json'))
  .map((file) => file.replace('.asl.json', ''));

describe('the pictures of the state machines', () => {
  it.each(names)('%s is drawn as it is defined now; else run `npm run graphs`', async (name) => {
    expect(await draw(ROOT, name)).toBe(await readFile(pictureOf(ROOT, name), 'utf8'));
  });

  it('have an edge for each way on, and cut edges of a Map off at its box', () => {
    const graph = graphOf('sample', {
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ Condition: '{% $exists($x) %}', Next: 'Each' }], Default: 'Broken' },
        Each: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Task', Resource: '${OneFunctionArn}' } } },
          Catch: [{ ErrorEquals: ['OddError'], Next: 'Broken' }],
          Next: 'Done',
        },
        Broken: { Type: 'Fail' },
        Done: { Type: 'Succeed' },
      },
    });

    expect(graph).toContain('"Choose" -> "Each/One" [lhead="cluster_Each" weight=5 label="\u00a0\u00a0x\u00a0\u00a0"]');
    expect(graph).toContain('"Choose" -> "Broken" [label="\u00a0\u00a0else\u00a0\u00a0"]');
    expect(graph).toContain('"Each/One" -> "Done" [ltail="cluster_Each" weight=10]');
    expect(graph).toMatch(/"Each\/One" -> "Broken" \[ltail="cluster_Each" style=dashed .* label="OddError"\]/);
  });
});
