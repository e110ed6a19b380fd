/** Asks again and again until the answer is one. */
export const eventually = async <T>(ask: () => Promise<T | undefined | false>, what: string): Promise<T> => {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`It never came to it that ${what}.`);
};
