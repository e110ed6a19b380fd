// For `provider.httpApi.authorizers` in serverless.yml: the JWT authorizer, where the stage has the parameters apiJwtIssuer
// and apiJwtAudience (one or more, by commas).
module.exports = async ({ resolveVariable }) => {
  const issuerUrl = await resolveVariable('param:apiJwtIssuer, ""');
  if (!issuerUrl) return {};
  const audience = await resolveVariable('param:apiJwtAudience, ""');
  if (!audience) {
    throw new Error('The parameter apiJwtIssuer needs apiJwtAudience: without it any token of the issuer would do.');
  }
  return {
    jwt: {
      type: 'jwt',
      identitySource: '$request.header.Authorization',
      issuerUrl,
      audience: audience.split(',').map((each) => each.trim()),
    },
  };
};
