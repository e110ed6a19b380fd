/** The package ships no declarations. */
declare module 'asl-validator' {
  const validate: (
    definition: object,
    options: { readonly checkPaths: boolean; readonly checkArn: boolean },
  ) => { readonly errors: readonly object[] };
  export default validate;
}
