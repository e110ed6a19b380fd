export const echoHttp = async (event: { pathParameters?: { id?: string } }): Promise<object> => {
  const isTeapot = event.pathParameters?.id === 'teapot';
  return {
    statusCode: isTeapot ? 418 : 200,
    headers: { 'content-type': 'application/json', ...(isTeapot && { 'x-kind': 'teapot' }) },
    body: JSON.stringify(event),
  };
};

export const fails = async (): Promise<never> => {
  throw new Error('the password is hunter2');
};
