import { type CollectionTag, Pair, parse, type ScalarTag, YAMLMap } from 'yaml';

/** Parses YAML and rewrites CloudFormation's short forms, such as `!GetAtt Bucket.Arn`, to their long forms. */
export const parseCloudFormation = (text: string): unknown => parse(text, { customTags: TAGS, merge: true });

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html */
const FUNCTIONS = [
  ...['And', 'Base64', 'Cidr', 'Equals', 'FindInMap', 'GetAtt', 'GetAZs', 'If', 'ImportValue', 'Join', 'Not', 'Or'],
  ...['Select', 'Split', 'Sub'],
];

const longName = (name: string): string => (FUNCTIONS.includes(name) ? `Fn::${name}` : name);

const tagsOf = (name: string): (ScalarTag | CollectionTag)[] => {
  const tag = `!${name}`;
  const wrap = (node: unknown): YAMLMap => {
    const map = new YAMLMap();
    map.items.push(new Pair(longName(name), node));
    return map;
  };
  return [
    { tag, resolve: (text: string) => ({ [longName(name)]: name === 'GetAtt' ? attribute(text) : text }) },
    { tag, collection: 'seq', resolve: wrap },
    { tag, collection: 'map', resolve: wrap },
  ];
};

/** An attribute's own name may have dots, a logical id has none. */
const attribute = (text: string): [id: string, name: string] => {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
};

const TAGS = ['Ref', 'Condition', ...FUNCTIONS].flatMap(tagsOf);
