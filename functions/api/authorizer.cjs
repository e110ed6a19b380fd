// Who may call the HTTP API: whoever signs by IAM, or, with the stage parameter apiJwtIssuer, who brings a token of that
// issuer (authorizers.cjs). There is no third way, so that the API is never open.
module.exports = async ({ resolveVariable }) =>
  (await resolveVariable('param:apiJwtIssuer, ""')) ? { name: 'jwt' } : { type: 'aws_iam' };
