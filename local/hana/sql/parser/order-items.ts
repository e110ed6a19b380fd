import type { OrderItem } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** ORDER BY's items; NULL counts as the smallest value unless NULLS FIRST or LAST says otherwise. */
export function parseOrderItems(stream: TokenStream): OrderItem[] {
  return stream.list(() => {
    const expression = stream.grammar.expression(stream);
    const descending = stream.acceptWord('DESC');
    if (!descending) stream.acceptWord('ASC');
    const nulls = stream.acceptWord('NULLS') ? stream.expectOneOf('FIRST', 'LAST') : descending ? 'LAST' : 'FIRST';
    return { expression, descending, nulls };
  });
}
