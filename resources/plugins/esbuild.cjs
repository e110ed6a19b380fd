/** The languages of zod's messages are 300 KB of each bundle, because `z` names them all. We use its English. */
const zodInEnglish = {
  name: 'zod-in-english',
  setup(build) {
    build.onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

/** Our modules do nothing when they are imported, so that a bundle needs no module of which it uses nothing. */
const sharedWithoutEffects = {
  name: 'shared-without-effects',
  setup(build) {
    build.onResolve({ filter: /^#shared[/]/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === sharedWithoutEffects) return undefined;
      const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: sharedWithoutEffects });
      return { ...resolved, sideEffects: false };
    });
  },
};

module.exports = [zodInEnglish, sharedWithoutEffects];
