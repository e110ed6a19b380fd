/** The languages of zod's messages are 300 KB of each bundle, because `z` names them all. We use its English. */
const zodInEnglish = {
  name: 'zod-in-english',
  setup(build) {
    build.onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

module.exports = [zodInEnglish];
