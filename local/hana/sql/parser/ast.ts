import type { ColumnType } from '../column-types.ts';
import type { Token } from '../tokenizer.ts';

/** A name as written: [schema,] object, or [schema, table,] column. */
export interface Path {
  readonly parts: readonly string[];
  readonly at: Token;
}

interface Node {
  /** The token that an error about this node points to. */
  readonly at: Token;
}

export type Literal =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'binary'; readonly value: string }
  | { readonly type: 'number'; readonly value: string }
  | { readonly type: 'DATE' | 'TIME' | 'TIMESTAMP'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' };

export type Expression =
  | (Node & { readonly kind: 'literal'; readonly literal: Literal })
  | (Node & { readonly kind: 'parameter'; readonly index: number })
  | (Node & { readonly kind: 'name'; readonly path: Path })
  | (Node & { readonly kind: 'negative'; readonly operand: Expression })
  | (Node & {
      readonly kind: 'arithmetic';
      readonly operator: '+' | '-' | '*' | '/';
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & { readonly kind: 'concatenation'; readonly operands: readonly Expression[] })
  | (Node & {
      readonly kind: 'comparison';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & {
      readonly kind: 'quantified';
      readonly operator: string;
      readonly quantifier: 'ANY' | 'ALL';
      readonly left: Expression;
      readonly query: Query;
    })
  | (Node & { readonly kind: 'logical'; readonly operator: 'AND' | 'OR'; readonly operands: readonly Expression[] })
  | (Node & { readonly kind: 'not'; readonly operand: Expression })
  | (Node & {
      readonly kind: 'between';
      readonly negated: boolean;
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
    })
  | (Node & {
      readonly kind: 'in-list';
      readonly negated: boolean;
      readonly operand: Expression;
      readonly items: readonly Expression[];
    })
  | (Node & {
      readonly kind: 'in-query';
      readonly negated: boolean;
      readonly operand: Expression;
      readonly query: Query;
    })
  | (Node & {
      readonly kind: 'like';
      readonly negated: boolean;
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escapedBy?: Expression | undefined;
    })
  | (Node & {
      readonly kind: 'like-regexpr';
      readonly negated: boolean;
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly flag?: Expression | undefined;
    })
  | (Node & { readonly kind: 'is-null'; readonly negated: boolean; readonly operand: Expression })
  | (Node & { readonly kind: 'exists'; readonly query: Query })
  | (Node & {
      readonly kind: 'case';
      readonly operand?: Expression | undefined;
      readonly branches: readonly CaseBranch[];
      readonly otherwise?: Expression | undefined;
    })
  | (Node & { readonly kind: 'cast'; readonly operand: Expression; readonly type: ColumnType })
  | (Node & FunctionCall)
  | (Node & { readonly kind: 'subquery'; readonly query: Query })
  | (Node & { readonly kind: 'tuple'; readonly items: readonly Expression[] })
  | (Node & { readonly kind: 'sequence'; readonly path: Path; readonly function: 'NEXTVAL' | 'CURRVAL' })
  /** DEFAULT among the values of INSERT, UPSERT and UPDATE. */
  | (Node & { readonly kind: 'default' });

export interface CaseBranch {
  readonly when: Expression;
  readonly result: Expression;
}

export interface FunctionCall {
  readonly kind: 'call';
  readonly name: string;
  readonly parameters: readonly Expression[];
  /** Parts that have a word instead of a comma before them, as in REPLACE_REGEXPR('a' IN S WITH 'b'). */
  readonly named: Readonly<Record<string, Expression>>;
  /** A special register such as CURRENT_DATE has no parentheses. */
  readonly register: boolean;
  readonly star: boolean;
  readonly distinct: boolean;
  readonly orderBy: readonly OrderItem[];
  readonly over?: Window | undefined;
}

export interface Window {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  /** ROWS BETWEEN …, in DuckDB's words, which are HANA's. */
  readonly frame?: string | undefined;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nulls: 'FIRST' | 'LAST';
}

export interface Query {
  readonly ctes: readonly Cte[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expression | undefined;
  readonly offset?: Expression | undefined;
  readonly at: Token;
}

export interface Cte {
  readonly name: string;
  readonly columns?: readonly string[] | undefined;
  readonly query: Query;
}

export type QueryBody = Select | SetOperation | { readonly kind: 'nested'; readonly query: Query };

export interface SetOperation {
  readonly kind: 'set-operation';
  readonly operator: 'UNION' | 'UNION ALL' | 'INTERSECT' | 'EXCEPT';
  readonly left: QueryBody;
  readonly right: QueryBody;
  readonly at: Token;
}

export interface Select {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly top?: Expression | undefined;
  readonly items: readonly SelectItem[];
  readonly from?: FromItem | undefined;
  readonly where?: Expression | undefined;
  readonly groupBy: readonly Grouping[];
  readonly having?: Expression | undefined;
  readonly at: Token;
}

export type SelectItem =
  | { readonly kind: 'star'; readonly qualifier: readonly string[]; readonly at: Token }
  | { readonly kind: 'expression'; readonly expression: Expression; readonly name: string };

export type Grouping =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'ROLLUP' | 'CUBE' | 'GROUPING SETS'; readonly sets: readonly (readonly Expression[])[] };

export type FromItem =
  | {
      readonly kind: 'table';
      readonly path: Path;
      readonly alias?: string | undefined;
      readonly columns?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'derived';
      readonly query: Query;
      readonly alias?: string | undefined;
      readonly columns?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'table-function';
      readonly name: string;
      readonly parameters: readonly Expression[];
      readonly alias?: string | undefined;
      readonly at: Token;
    }
  | {
      readonly kind: 'join';
      readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly on?: Expression | undefined;
    };

export interface Assignment {
  readonly column: Path;
  readonly value: Expression;
}

export interface Insert {
  readonly kind: 'insert';
  readonly table: Path;
  readonly columns?: readonly Path[] | undefined;
  readonly source: readonly Expression[] | Query;
  readonly at: Token;
}

export interface Upsert {
  readonly kind: 'upsert';
  readonly table: Path;
  readonly columns?: readonly Path[] | undefined;
  readonly source: readonly Expression[] | Query;
  readonly withPrimaryKey: boolean;
  readonly where?: Expression | undefined;
  readonly at: Token;
}

export interface Update {
  readonly kind: 'update';
  readonly table: Path;
  readonly alias?: string | undefined;
  readonly assignments: readonly Assignment[];
  readonly where?: Expression | undefined;
}

export interface Delete {
  readonly kind: 'delete';
  readonly table: Path;
  readonly alias?: string | undefined;
  readonly where?: Expression | undefined;
}

export interface Merge {
  readonly kind: 'merge';
  readonly table: Path;
  readonly alias?: string | undefined;
  readonly source: FromItem;
  readonly on: Expression;
  readonly branches: readonly MergeBranch[];
}

export type MergeBranch =
  | {
      readonly action: 'update';
      readonly condition?: Expression | undefined;
      readonly assignments: readonly Assignment[];
    }
  | { readonly action: 'delete'; readonly condition?: Expression | undefined }
  | {
      readonly action: 'insert';
      readonly condition?: Expression | undefined;
      readonly columns?: readonly Path[] | undefined;
      readonly values: readonly Expression[];
      readonly at: Token;
    };

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** The DEFAULT expression, as written. */
  readonly defaultText?: string | undefined;
  readonly comment?: string | undefined;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly identity?: SequenceOptions | undefined;
  readonly at: Token;
}

export interface SequenceOptions {
  readonly start: bigint;
  readonly increment: bigint;
}

export interface TableConstraint {
  readonly kind: 'PRIMARY KEY' | 'UNIQUE';
  readonly name?: string | undefined;
  readonly columns: readonly Path[];
}

export interface CreateTable {
  readonly kind: 'create-table';
  readonly table: Path;
  readonly type: 'COLUMN' | 'ROW';
  readonly temporary?: 'LOCAL' | 'GLOBAL' | undefined;
  readonly comment?: string | undefined;
  readonly content:
    | {
        readonly kind: 'columns';
        readonly columns: readonly ColumnDefinition[];
        readonly constraints: readonly TableConstraint[];
      }
    | { readonly kind: 'like'; readonly path: Path; readonly withData: boolean }
    | {
        readonly kind: 'query';
        readonly query: Query;
        readonly columns?: readonly Path[] | undefined;
        readonly withData: boolean;
      };
}

export type AlterTableAction =
  | { readonly kind: 'add-columns'; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: 'alter-columns'; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: 'drop-columns'; readonly columns: readonly Path[] }
  | { readonly kind: 'add-constraint'; readonly constraint: TableConstraint };

export interface GrantTarget {
  /** A schema when `schemaWide`, else a table or view. */
  readonly path: Path;
  readonly schemaWide: boolean;
}

/** Who may do what with what. */
export interface Access {
  readonly privileges: readonly string[];
  readonly target: GrantTarget;
  readonly grantee: Path;
  readonly grantable: boolean;
}

export type Definition =
  | CreateTable
  | { readonly kind: 'drop-table'; readonly table: Path; readonly cascade: boolean }
  | { readonly kind: 'alter-table'; readonly table: Path; readonly action: AlterTableAction }
  | { readonly kind: 'rename-table'; readonly table: Path; readonly to: Path }
  | { readonly kind: 'rename-column'; readonly table: Path; readonly column: Path; readonly to: Path }
  | { readonly kind: 'truncate'; readonly table: Path }
  | {
      readonly kind: 'create-view';
      readonly view: Path;
      readonly replace: boolean;
      readonly columns?: readonly string[] | undefined;
      readonly comment?: string | undefined;
      readonly query: Query;
      readonly text: string;
    }
  | { readonly kind: 'drop-view'; readonly view: Path; readonly cascade: boolean }
  | {
      readonly kind: 'create-index';
      readonly index: Path;
      readonly unique: boolean;
      readonly table: Path;
      readonly columns: readonly Path[];
    }
  | { readonly kind: 'drop-index'; readonly index: Path }
  | { readonly kind: 'create-sequence'; readonly sequence: Path; readonly options: SequenceOptions }
  | { readonly kind: 'drop-sequence'; readonly sequence: Path }
  | { readonly kind: 'create-schema'; readonly schema: Path; readonly owner?: string | undefined }
  | { readonly kind: 'drop-schema'; readonly schema: Path; readonly cascade: boolean }
  | {
      readonly kind: 'comment';
      readonly on: 'TABLE' | 'VIEW' | 'COLUMN';
      readonly path: Path;
      readonly comment: string;
    }
  | { readonly kind: 'create-user'; readonly user: Path; readonly password: string }
  | { readonly kind: 'alter-user'; readonly user: Path; readonly password: string }
  | { readonly kind: 'drop-user'; readonly user: Path; readonly cascade: boolean }
  | ({ readonly kind: 'grant' } & Access)
  | ({ readonly kind: 'revoke' } & Access);

export type SessionStatement =
  | { readonly kind: 'set-schema'; readonly schema: Path }
  | { readonly kind: 'set-variable'; readonly name: string; readonly value: string }
  | { readonly kind: 'unset-variable'; readonly name: string }
  | { readonly kind: 'set-isolation'; readonly level: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE' }
  | { readonly kind: 'set-access'; readonly readOnly: boolean }
  | { readonly kind: 'set-ddl'; readonly allowed: boolean }
  | { readonly kind: 'set-autocommit-ddl'; readonly on: boolean }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'lock-table'; readonly table: Path; readonly waitSeconds?: number | undefined }
  | { readonly kind: 'cancel-session'; readonly connectionId: string };

export type Statement =
  | { readonly kind: 'query'; readonly query: Query }
  | Insert
  | Upsert
  | Update
  | Delete
  | Merge
  | Definition
  | SessionStatement;

export interface ParsedStatement {
  readonly sql: string;
  readonly statement: Statement;
  /** How many values one execution takes. */
  readonly parameterCount: number;
}
