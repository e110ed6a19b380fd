// One page of what a stage does, for `resources` in serverless.yml: ${file(resources/dashboard.cjs)}.
module.exports = async () => {
  const { dashboard } = await import('./dashboard.ts');
  return {
    Resources: { Dashboard: dashboard() },
    Outputs: {
      DashboardUrl: {
        Description: 'Runs, rows, durations, what was paid for, and errors.',
        Value: {
          'Fn::Sub':
            'https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Dashboard}',
        },
      },
    },
  };
};
