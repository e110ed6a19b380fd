import { describe, expect, it } from 'vitest';
import { resolveTemplate } from '#local/template/template.ts';
import { resolveSmall, SMALL, writeService } from './services.ts';

const bucket = (name: string): string => `
  - Resources:
      Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: ${name} } }
`;

const bucketName = async (name: string, files?: Readonly<Record<string, string>>): Promise<unknown> =>
  (await resolveSmall({ resources: bucket(name) }, files)).Resources.Bucket!.Properties!.BucketName;

describe('variables', () => {
  it.each([
    ['the service and the stage', '"${self:custom.name}"', 'small-test'],
    ['a parameter within a text', '"b-${param:size}"', 'b-256'],
    ['a value with its type', '"${param:size}"', 256],
    ['a fallback', '"${opt:name, \'none\'}"', 'none'],
    ['a fallback to another source', '"${opt:name, param:size}"', 256],
    ['a path that is a variable itself', '"${self:${self:custom.key, \'service\'}}"', 'small'],
    ['CloudFormation’s own, which stay', '"${AWS::Region}-${Bucket.Arn}"', '${AWS::Region}-${Bucket.Arn}'],
  ])('take %s', async (_, text, expected) => {
    expect(await bucketName(text)).toBe(expected);
  });

  it('read a part of a file, whose variables count too', async () => {
    const files = { 'names.yml': 'bucket: { name: "${self:service}-data" }' };

    expect(await bucketName('"${file(names.yml):bucket.name}"', files)).toBe('small-data');
  });

  it('ask a module, which may ask for variables', async () => {
    const files = {
      'name.cjs': 'module.exports = async ({ resolveVariable }) => `x${await resolveVariable("param:size")}`;',
    };

    expect(await bucketName('"${file(name.cjs)}"', files)).toBe('x256');
  });

  it.each([
    ['an unknown parameter', '"${param:sise}"', /Nothing is known for \$\{param:sise\}/],
    ['an unknown source', '"${env:HOME}"', /\$\{env:HOME\} is a variable that the local cloud doesn't know/],
    ['a variable that needs itself', '"${self:resources.0.Resources.Loop}"', /Nothing is known|needs itself/],
    ['a map within a text', '"x-${self:custom}"', /no text/],
    ['a file outside of the project', '"${file(../secret.yml)}"', /outside of the project/],
    ['a file of another type', '"${file(name.toml)}"', /of a type that the local cloud can't read/],
  ])('refuse %s by name', async (_, text, message) => {
    await expect(bucketName(text)).rejects.toThrow(message);
  });

  it('refuse two that need each other', async () => {
    const more = 'package: {}\n';
    const yaml = SMALL.replace('custom: {', 'custom: { one: "${self:custom.two}", two: "${self:custom.one}", ');
    const rootDir = await writeService(`${yaml}${more}`);

    await expect(resolveTemplate({ rootDir, stage: 'test' })).rejects.toThrow(/needs itself/);
  });
});

describe('what isn’t known', () => {
  it.each([
    ['a section', 'layers: {}\n', /serverless\.yml has layers/],
    ['an event', 'functions2: {}\n', /serverless\.yml has functions2/],
  ])('of serverless.yml is refused: %s', async (_, more, message) => {
    await expect(resolveSmall({ more })).rejects.toThrow(message);
  });

  it.each([
    ['timeout: 10', 'timeout: 10, snapStart: true', /The function work has snapStart/],
    ['timeout: 10', 'timeout: 10, events: [{ schedule: rate(1 day) }]', /An event of the function work has schedule/],
    ['runtime: nodejs24.x', 'runtime: nodejs24.x, vpc: {}', /The provider of serverless\.yml has vpc/],
    ['[./roles.cjs]', '[./roles.cjs, serverless-offline]', /doesn't know the plugin serverless-offline/],
  ])('in %s is refused: %s', async (text, replacement, message) => {
    const rootDir = await writeService(SMALL.replace(text, replacement));

    await expect(resolveTemplate({ rootDir, stage: 'test' })).rejects.toThrow(message);
  });
});
