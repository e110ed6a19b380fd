import type { PackageVersions } from './python-interpreter.ts';

/** What a script under this image must be warned of, or can't do without, when it runs under the laptop's Python. */
export const checkImage = (
  image: string,
  python: string,
  versions: PackageVersions | undefined,
): { readonly warning?: string; readonly failure?: string } => {
  const scikitLearn = versions?.['scikit-learn'];
  const imageVersion = /\/sagemaker-scikit-learn:(\d+\.\d+)/.exec(image)?.[1];
  if (!scikitLearn || !versions?.pandas) {
    return {
      failure:
        `The laptop's SageMaker runs scripts with ${python}, which ${versions ? 'lacks scikit-learn or pandas' : 'does not start'}. ` +
        'Run `npm run setup`, or install them: python3 -m pip install -r local/sagemaker/python/requirements.txt',
    };
  }
  if (!imageVersion) {
    return {
      warning: `WARNING: the laptop has no image ${image}; the script runs with ${python} and scikit-learn ${scikitLearn}.`,
    };
  }
  if (scikitLearn.startsWith(`${imageVersion}.`)) return {};
  return {
    warning:
      `WARNING: the image has scikit-learn ${imageVersion}, the laptop ${scikitLearn}. ` +
      'Models pickled by one version are not portable to another.',
  };
};
