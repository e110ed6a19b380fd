// The JWT authorizer, where the stage has the parameters apiJwtIssuer and apiJwtAudience (one or more, by commas).
module.exports = async ({ resolveVariable }) => {
  const issuer = await resolveVariable('param:apiJwtIssuer, ""');
  if (!issuer) return { Resources: {} };
  const audience = await resolveVariable('param:apiJwtAudience, ""');
  if (!audience)
    throw new Error('The parameter apiJwtIssuer needs apiJwtAudience too: else any token of the issuer would do.');
  return {
    Resources: {
      ApiJwtAuthorizer: {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          ApiId: { Ref: 'HttpApi' },
          Name: 'jwt',
          AuthorizerType: 'JWT',
          IdentitySource: ['$request.header.Authorization'],
          JwtConfiguration: { Issuer: issuer, Audience: audience.split(',').map((each) => each.trim()) },
        },
      },
    },
  };
};
