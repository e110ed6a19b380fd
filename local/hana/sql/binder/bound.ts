import type { HanaType } from '../../engine.ts';

/** An expression in DuckDB's SQL, with what HANA would know about it. */
export interface Bound {
  readonly sql: string;
  /** Undefined for NULL and for a parameter whose use has not yet given it a type. */
  readonly type?: HanaType | undefined;
  readonly nullable: boolean;
  /** A condition: allowed in WHERE, ON, HAVING and WHEN, not as a value. */
  readonly condition?: boolean;
  /** The parameter's number, when this is nothing but a parameter without a type. */
  readonly parameter?: number;
  /** The text, when this is nothing but a string literal. */
  readonly text?: string;
  /** For binary data that DuckDB computes as hexadecimal digits, such as a hash: those digits. */
  readonly hexadecimal?: string;
  readonly origin?: Origin | undefined;
}

/** The table column that a result column shows unchanged. */
export interface Origin {
  readonly schema: string;
  readonly table: string;
}

/** A column that a query yields. */
export interface OutputColumn {
  readonly name: string;
  readonly type?: HanaType | undefined;
  readonly nullable: boolean;
  readonly origin?: Origin | undefined;
}

/** A query in DuckDB's SQL; its columns are called c0, c1, … there. */
export interface BoundQuery {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
}

export const bound = (sql: string, type: HanaType, nullable = false): Bound => ({ sql, type, nullable });
