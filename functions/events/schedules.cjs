// The schedules of the pipelines, for `resources` in serverless.yml: ${file(functions/events/schedules.cjs)}.
const { join } = require('node:path');

module.exports = async () => {
  const { scheduleResources } = await import('./schedule-resources.ts');
  return { Resources: await scheduleResources(join(__dirname, '..', '..', 'pipelines')) };
};
