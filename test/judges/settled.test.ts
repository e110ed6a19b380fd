import { expect, it } from 'vitest';
import { settled } from './settled.ts';

it('takes the branches that the constants of its conditions choose, and leaves out what is not made', () => {
  const template = {
    Conditions: {
      HasKey: { 'Fn::Not': [{ 'Fn::Equals': ['', ''] }] },
      HasPort: { 'Fn::Not': [{ 'Fn::Equals': [30015, '443'] }] },
      HasBoth: { 'Fn::And': [{ Condition: 'HasKey' }, { Condition: 'HasPort' }] },
    },
    Resources: {
      Key: { Type: 'AWS::KMS::Key', Condition: 'HasKey', Properties: {} },
      Group: {
        Type: 'AWS::EC2::SecurityGroup',
        Condition: 'HasPort',
        Properties: {
          Name: { 'Fn::If': ['HasKey', 'with', { Ref: 'AWS::NoValue' }] },
          Ports: [443, { 'Fn::If': ['HasPort', { 'Fn::If': ['HasBoth', 1, 30015] }, { Ref: 'AWS::NoValue' }] }],
          Others: [{ 'Fn::If': ['HasBoth', 1, { Ref: 'AWS::NoValue' }] }],
        },
      },
    },
  };

  expect(settled(template)).toEqual({
    Resources: { Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { Ports: [443, 30015], Others: [] } } },
    Outputs: {},
  });
});

it('refuses a function of conditions that it does not know', () => {
  const template = { Conditions: { Odd: { 'Fn::Xor': [] } }, Resources: { A: { Type: 'A', Condition: 'Odd' } } };

  expect(() => settled(template)).toThrow("settled.ts doesn't know Fn::Xor. Add it there.");
});
