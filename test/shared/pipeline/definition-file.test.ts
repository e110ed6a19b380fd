import { describe, expect, it } from 'vitest';
import { parseDefinition } from '#shared/pipeline/definition-file.ts';

const minimal = `name: tiny
source:
  view: V_TRAINING
  key: [ID]
  target: LABEL
`;

const mistakesOf = (text: string | Buffer): string[] => {
  try {
    parseDefinition(text, 'pipeline.yml');
  } catch (error) {
    expect(error).toMatchObject({ name: 'InvalidPipelineError' });
    return (error as Error).message.split('\n').slice(1);
  }
  throw new Error('the definition was accepted');
};

describe('parseDefinition', () => {
  it('fills in the defaults of a minimal definition', () => {
    const definition = parseDefinition(minimal, 'pipeline.yml');

    expect(definition).toMatchObject({
      source: { header: true, split: { testFraction: 0.2, seed: '' } },
      training: { framework: 'sklearn', entryPoint: 'train.py', instanceType: 'ml.m5.large' },
      deployment: { target: 'none' },
    });
  });

  it('reports all mistakes at once, each with its line', () => {
    const mistakes = mistakesOf(`name: Tiny Pipeline
source:
  view: V_TRAINING
  key: []
  colour: blue
training:
  instanceType: m5
  spot: { maxWaitSeconds: 10 }
deployment:
  target: mars
`);

    expect(mistakes).toEqual([
      expect.stringMatching(/^ {2}pipeline\.yml:1: name: must be 1-32 lower-case/),
      expect.stringMatching(/^ {2}pipeline\.yml:2: source\.target: is missing$/),
      expect.stringMatching(/^ {2}pipeline\.yml:4: source\.key: /),
      expect.stringMatching(/^ {2}pipeline\.yml:5: source\.colour: is not a setting/),
      expect.stringMatching(/^ {2}pipeline\.yml:7: training\.instanceType: must be a SageMaker instance type/),
      expect.stringMatching(/^ {2}pipeline\.yml:8: training\.spot\.maxWaitSeconds: /),
      expect.stringMatching(/^ {2}pipeline\.yml:10: deployment\.target: /),
    ]);
  });

  it.each([
    ['of the file', `sorce: 1\n${minimal}`, 'sorce', 'source'],
    ['of an object', `${minimal}training:\n  entryPiont: fit.py\n`, 'training.entryPiont', 'entryPoint'],
    [
      'of one of several targets',
      `${minimal}deployment:\n  target: sagemaker\n  smokeTestRow: 1\n`,
      'Row',
      'smokeTestRows',
    ],
    ['of a list', `${minimal}schedule:\n  - { rate: 1 day, timezon: UTC }\n`, 'schedule.0.timezon', 'timezone'],
  ])('offers the setting that a misspelt one %s was meant to be', (_, text, misspelt, offered) => {
    expect(mistakesOf(text).join('\n')).toMatch(
      `${misspelt}: is not a setting that pipelines have. Did you mean "${offered}"?`,
    );
  });

  it('says of a setting that belongs to another target so, instead of offering it again', () => {
    expect(mistakesOf(`${minimal}deployment:\n  target: none\n  instances: { count: 2 }\n`)).toEqual([
      expect.stringMatching(
        /deployment\.instances: belongs to another kind of deployment than the one that is chosen\.$/,
      ),
    ]);
  });

  it('tells of a line that is no YAML once, however deep its mistake goes', () => {
    expect(mistakesOf(`${minimal}training: ${'['.repeat(5000)}\n`)).toHaveLength(1);
  });

  it.each([
    ['a key that is given twice', `${minimal}name: again\n`, /pipeline\.yml:6: .*unique/],
    ['a tab as indentation', 'name: tiny\nsource:\n\tview: V\n', /pipeline\.yml:3: /],
    ['an empty file', '', /pipeline\.yml:1: the file: /],
    ['a list in place of a map', '- 1\n', /pipeline\.yml:1: the file: /],
    [
      'spot without enough waiting time',
      `${minimal}training:\n  spot: { maxWaitSeconds: 10 }\n`,
      /:7: training\.spot\.maxWaitSeconds: /,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(mistakesOf(text).join('\n')).toMatch(message);
  });

  it('refuses an alias bomb without expanding it', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nname: *c\n`;

    expect(mistakesOf(bomb).join('\n')).toMatch(/alias/i);
  });

  it('tells what settings must be to each other also where others are wrong by themselves', () => {
    const mistakes = mistakesOf(`name: Tiny
source: { view: V, key: [LABEL], target: LABEL }
gate: [{ metric: auc, min: 2, max: 1 }]
training: { entryPoint: train.sh, frameworkVersion: "9.9", spot: { maxWaitSeconds: 1 } }
prediction:
  source: { view: V, key: [ID] }
  columns: [{ name: ID, type: DOUBLE }]
  target: { table: T, mode: versoned }
`);

    expect(mistakes.map((mistake) => mistake.trim().split(' ').slice(0, 2).join(' '))).toEqual([
      'pipeline.yml:1: name:',
      'pipeline.yml:2: source.target:',
      'pipeline.yml:3: gate.0.metric:',
      'pipeline.yml:3: gate.0.max:',
      'pipeline.yml:4: training.spot.maxWaitSeconds:',
      'pipeline.yml:4: training.entryPoint:',
      'pipeline.yml:4: training.frameworkVersion:',
      'pipeline.yml:7: prediction.columns:',
      'pipeline.yml:8: prediction.target.mode:',
    ]);
  });

  it.each([
    ['a tag that YAML doesn’t have', `${minimal}description: !secret x\n`, /:6: the tag !secret is not one/],
    ['a tag of JavaScript', `${minimal}description: !!js/function x\n`, /:6: the tag !!js\/function is not one/],
    ['a second document', `${minimal}---\nname: other\n`, /:6: a second document begins here/],
    [
      'brackets without end',
      `${minimal}training:\n  hyperparameters: { a: ${'['.repeat(9000)}${']'.repeat(9000)} }\n`,
      /:7: is nested too deeply/,
    ],
    [
      'lists in lists',
      `${minimal}training:\n  hyperparameters:\n    a: \n      ${'- '.repeat(9000)}1\n`,
      /:9: is nested too deeply/,
    ],
    [
      'an alias of itself',
      `${minimal}training:\n  hyperparameters: { a: &a [1, *a] }\n`,
      /:7: the alias \*a stands inside/,
    ],
    ['an alias of nothing', `${minimal}description: *nobody\n`, /:6: there is no anchor &nobody/],
    ['a map as the name of a setting', `${minimal}? { a: 1 }\n: 2\n`, /:6: the name of a setting must be a text/],
    ['half of a surrogate pair', `${minimal}description: "\\ud83d"\n`, /:6: the text has half of a surrogate pair/],
    [
      'Latin-1',
      Buffer.from(`${minimal}description: Größe\n`, 'latin1'),
      /:6: the file is not UTF-8.*"description: Größe"/,
    ],
    ['UTF-16', Buffer.from(`\ufeff${minimal}`, 'utf16le'), /:1: the file is UTF-16/],
  ])('says of %s what is wrong and on which line', (_, content, message) => {
    expect(mistakesOf(content)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    [
      'deployment: { target: kyma, auth: { jwt: { issuer: "http://x" } } }',
      ['jwt.issuer: must be an https', 'jwt.jwksUri: is missing'],
    ],
    ['deployment: { target: kyma, auth: { jwtt: 1 } }', ['jwt: is missing', 'jwtt: is not a setting']],
  ])('tells of the alternative that was meant: %s', (line, messages) => {
    expect(mistakesOf(`${minimal}${line}\n`)).toEqual(
      messages.map((message) => expect.stringContaining(`:6: deployment.auth.${message}`)),
    );
  });
});

it('refuses a file of more than a quarter of a megabyte before it reads it as YAML', () => {
  const padded = (bytes: number): string => `: :\n#${'x'.repeat(bytes - 5)}`;

  expect(() => parseDefinition(padded(256 * 1024 + 1), 'pipeline.yml')).toThrow(
    'pipeline.yml is larger than 262144 bytes.',
  );
  expect(() => parseDefinition(padded(256 * 1024), 'pipeline.yml')).not.toThrow('is larger than');
});
