/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  Lint's rules, and which of them look at a statement.
 *
 * The world is as before the statement; nothing is locked and nothing but
 * catalogs is read.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_class.h"
#include "compat.h"
#include "utils/builtins.h"

#define AVAILABILITY(severity) MIG_AXIS_AVAILABILITY, MIG_SEVERITY_##severity
#define DATA(severity) MIG_AXIS_DATA, MIG_SEVERITY_##severity
#define FAILURE(severity) MIG_AXIS_FAILURE, MIG_SEVERITY_##severity
#define STYLE MIG_AXIS_STYLE, MIG_SEVERITY_OFF

/* sorted by name */
const MigRule mig_rules[] = {
	{"adding-field-with-default", "column", AVAILABILITY(ERROR),
	"A column with a volatile default, or a stored generated one, has the table written anew."},
	{"adding-foreign-key-constraint", "constraint", AVAILABILITY(ERROR),
	"A FOREIGN KEY without NOT VALID has both tables read while writes wait."},
	{"adding-not-nullable-field", "constraint", AVAILABILITY(ERROR),
	"SET NOT NULL reads the table while reads and writes wait, unless a valid constraint proves it."},
	{"adding-required-field", "column", FAILURE(ERROR),
	"A NOT NULL column without a default cannot be added to a table with rows."},
	{"adding-serial-primary-key-field", "constraint", AVAILABILITY(ERROR),
	"A PRIMARY KEY builds its index while reads and writes wait."},
	{"alter-domain-scan", "constraint", AVAILABILITY(ERROR),
	"A constraint on a domain has every table that uses it read while writes wait."},
	{"attach-partition-scan", "partition", AVAILABILITY(ERROR),
	"ATTACH PARTITION reads the table, unless a valid CHECK proves that its rows fit."},
	{"ban-char-field", "style", STYLE,
	"char(n) pads with blanks; text is the better type."},
	{"ban-concurrent-index-creation-in-transaction", "transaction", FAILURE(ERROR),
	"CREATE INDEX CONCURRENTLY fails in a transaction."},
	{"ban-create-domain-with-constraint", "constraint", AVAILABILITY(INFO),
	"Columns of a domain with constraints cannot be added without a rewrite."},
	{"ban-disable-trigger", "data", DATA(WARNING),
	"While triggers are disabled, what they keep in order is not."},
	{"ban-drop-cascade", "data", DATA(ERROR),
	"CASCADE drops what is not named in the statement."},
	{"ban-drop-column", "data", DATA(ERROR),
	"The column's data are lost, and clients that use it fail."},
	{"ban-drop-constraint", "data", DATA(WARNING),
	"What the constraint kept out can come in."},
	{"ban-drop-database", "data", DATA(ERROR),
	"A database is lost with all that is in it."},
	{"ban-drop-default", "data", DATA(WARNING),
	"Clients that leave the column out insert NULL, or fail."},
	{"ban-drop-not-null", "data", DATA(WARNING),
	"Clients that rely on a value may meet NULL."},
	{"ban-drop-schema", "data", DATA(ERROR),
	"A schema is lost with all that is in it."},
	{"ban-drop-table", "data", DATA(ERROR),
	"The table's data are lost, and clients that use it fail."},
	{"ban-duplicate-column-assignments", "failure", FAILURE(ERROR),
	"A statement that sets, or makes, a column twice fails."},
	{"ban-truncate", "data", DATA(ERROR),
	"All rows are lost."},
	{"ban-truncate-cascade", "data", DATA(ERROR),
	"All rows are lost, also of tables that are not named."},
	{"ban-uncommitted-transaction", "transaction", FAILURE(ERROR),
	"A transaction that the script begins and does not end is undone."},
	{"brief-lock", "partition", AVAILABILITY(INFO),
	"Changing a view, an owner, a policy, a rule or a trigger takes a lock for a moment."},
	{"changing-column-type", "column", AVAILABILITY(ERROR),
	"A type change that is not free has the table written anew, or read, while reads and writes wait."},
	{"column-used-by-view", "failure", FAILURE(ERROR),
	"The type of a column that a view uses cannot be changed."},
	{"constrained-domain-column", "column", AVAILABILITY(ERROR),
	"A column of a domain with constraints has the table written anew, even without a default."},
	{"constraint-missing-not-valid", "constraint", AVAILABILITY(ERROR),
	"A CHECK without NOT VALID, or validated by the transaction that adds it, has the table read under its lock."},
	{"create-partition-locks-parent", "partition", AVAILABILITY(WARNING),
	"CREATE TABLE ... PARTITION OF locks the parent against all use; ATTACH PARTITION does not."},
	{"datatype-mismatch", "failure", FAILURE(ERROR),
	"There is no conversion from the column's type to the new one."},
	{"default-partition-scan", "partition", AVAILABILITY(ERROR),
	"A new partition has the default partition read while its reads and writes wait, unless a valid CHECK proves that no row belongs there."},
	{"delete-without-where", "data", DATA(ERROR),
	"All rows are deleted."},
	{"dependent-objects-still-exist", "failure", FAILURE(ERROR),
	"What others depend on cannot be dropped without CASCADE."},
	{"disallowed-unique-constraint", "constraint", AVAILABILITY(ERROR),
	"A UNIQUE constraint builds its index while reads and writes wait."},
	{"drop-fk-locks-parent", "constraint", AVAILABILITY(WARNING),
	"Dropping a FOREIGN KEY locks the referenced table against all use too."},
	{"drop-partition-locks-parent", "partition", AVAILABILITY(WARNING),
	"Dropping a partition locks the parent against all use."},
	{"duplicate-column", "failure", FAILURE(ERROR),
	"There is a column of that name."},
	{"duplicate-object", "failure", FAILURE(ERROR),
	"There is a constraint of that name."},
	{"duplicate-table", "failure", FAILURE(ERROR),
	"There is a relation of that name."},
	{"dynamic-statement", "transaction", FAILURE(INFO),
	"What DO, CALL, EXECUTE or a volatile function of yours does cannot be seen before it runs."},
	{"enabling-row-security", "data", DATA(WARNING),
	"With row security and no policy, all but the owner see no rows."},
	{"enum-value-same-transaction", "transaction", FAILURE(ERROR),
	"A value that was added to an enum cannot be used before it is committed."},
	{"exclusion-constraint", "constraint", AVAILABILITY(ERROR),
	"An EXCLUDE constraint builds its index while reads and writes wait, and there is no other way."},
	{"fk-without-index", "index", AVAILABILITY(WARNING),
	"Without an index on a FOREIGN KEY's columns, each DELETE or key UPDATE of the referenced table reads all of the referencing one."},
	{"hidden-table-lock", "partition", AVAILABILITY(WARNING),
	"A table or view that the statement does not name is locked against writes."},
	{"identifier-too-long", "style", STYLE,
	"The server cuts a name that is too long."},
	{"ignore-without-reason", "style", MIG_AXIS_STYLE, MIG_SEVERITY_INFO,
	"A comment suppresses a finding and does not say why."},
	{"inline-check-scan", "constraint", AVAILABILITY(ERROR),
	"A CHECK of a new column has the table read while reads and writes wait, although every row is the same."},
	{"invalid-foreign-key", "failure", FAILURE(ERROR),
	"A FOREIGN KEY must reference columns with a unique index."},
	{"invalid-index", "index", FAILURE(ERROR),
	"IF NOT EXISTS leaves an INVALID index of that name as it is."},
	{"json-column", "style", STYLE,
	"json has no equality, which DISTINCT and UNION need; jsonb has."},
	{"locks-all-partitions", "partition", AVAILABILITY(INFO),
	"What is done to a partitioned or inherited table locks all below it."},
	{"no-transaction-command", "transaction", FAILURE(ERROR),
	"The command refuses a transaction."},
	{"persistence-change", "column", AVAILABILITY(ERROR),
	"SET LOGGED and SET UNLOGGED have the table written anew; what is UNLOGGED is lost in a crash."},
	{"pk-using-nullable-index", "constraint", AVAILABILITY(ERROR),
	"PRIMARY KEY USING INDEX sets its columns NOT NULL, which reads the table while reads and writes wait."},
	{"prefer-bigint-over-int", "style", STYLE,
	"An int runs out after 2,147,483,647; to become bigint it is written anew."},
	{"prefer-bigint-over-smallint", "style", STYLE,
	"A smallint runs out after 32,767; to become bigint it is written anew."},
	{"prefer-identity", "style", STYLE,
	"An identity column is the standard's serial, with the rights and the dependency right."},
	{"prefer-robust-stmts", "style", STYLE,
	"Outside of a transaction a statement should bear to be run again."},
	{"prefer-text-field", "style", STYLE,
	"A length is better checked by a CHECK constraint on text than by varchar(n)."},
	{"prefer-timestamp-tz", "style", STYLE,
	"timestamp without time zone is no moment; timestamptz is."},
	{"refresh-matview", "partition", AVAILABILITY(ERROR),
	"REFRESH MATERIALIZED VIEW without CONCURRENTLY has readers wait until it is done."},
	{"renaming-column", "data", DATA(WARNING),
	"Clients that use the old name fail."},
	{"renaming-object", "data", DATA(WARNING),
	"Clients that use the old name fail."},
	{"renaming-table", "data", DATA(WARNING),
	"Clients that use the old name fail."},
	{"require-concurrent-index-creation", "index", AVAILABILITY(ERROR),
	"CREATE INDEX without CONCURRENTLY has writes wait until the index is built."},
	{"require-concurrent-index-deletion", "index", AVAILABILITY(WARNING),
	"DROP INDEX without CONCURRENTLY locks the index's table against all use."},
	{"require-concurrent-partition-detach", "partition", AVAILABILITY(WARNING),
	"DETACH PARTITION without CONCURRENTLY locks the parent against all use."},
	{"require-concurrent-reindex", "index", AVAILABILITY(ERROR),
	"REINDEX without CONCURRENTLY has reads and writes wait until the indexes are built."},
	{"require-enum-value-ordering", "style", STYLE,
	"A value added to an enum without BEFORE or AFTER sorts last."},
	{"require-lock-timeout", "transaction", AVAILABILITY(WARNING),
	"Whoever waits for a lock has all behind it wait; lock_timeout limits that."},
	{"require-statement-timeout", "transaction", AVAILABILITY(OFF),
	"statement_timeout limits how long a statement can hold its locks."},
	{"require-table-schema", "style", STYLE,
	"A table's name without a schema depends on search_path."},
	{"serial-rewrite", "column", AVAILABILITY(ERROR),
	"A new serial or identity column has the table written anew."},
	{"set-expression-rewrite", "column", AVAILABILITY(ERROR),
	"SET EXPRESSION of a stored generated column has the table written anew."},
	{"stable-default-frozen", "column", DATA(INFO),
	"A default like now() is evaluated once: all old rows get the same value."},
	{"statement-after-access-exclusive", "transaction", AVAILABILITY(WARNING),
	"While a table is locked against all use, a statement does more than change catalogs."},
	{"syntax-error", "failure", FAILURE(ERROR),
	"The script, or a statement of it, cannot be understood."},
	{"table-rewrite", "column", AVAILABILITY(ERROR),
	"CLUSTER, VACUUM FULL, SET ACCESS METHOD and SET TABLESPACE write the table anew while reads and writes wait."},
	{"transaction-nesting", "transaction", FAILURE(WARNING),
	"A BEGIN in a transaction, or a COMMIT outside of one, does nothing."},
	{"undefined-column", "failure", FAILURE(ERROR),
	"There is no column of that name."},
	{"undefined-object", "failure", FAILURE(ERROR),
	"There is no constraint of that name."},
	{"undefined-table", "failure", FAILURE(ERROR),
	"There is no relation of that name."},
	{"unused-ignore", "style", MIG_AXIS_STYLE, MIG_SEVERITY_WARNING,
	"A comment suppresses what is not found."},
	{"update-without-where", "data", DATA(WARNING),
	"All rows are updated: their old versions bloat the table, and each stays locked until the transaction's end."},
};

const int	mig_nrules = lengthof(mig_rules);

static const char *
column_of(const AlterTableCmd *cmd)
{
	switch (cmd->subtype)
	{
		case AT_ColumnDefault:
		case AT_DropNotNull:
		case AT_SetNotNull:
		case AT_DropExpression:
		case AT_SetStatistics:
		case AT_SetOptions:
		case AT_ResetOptions:
		case AT_SetStorage:
		case AT_SetCompression:
		case AT_DropColumn:
		case AT_AlterColumnType:
		case AT_AddIdentity:
		case AT_SetIdentity:
		case AT_DropIdentity:
			return cmd->name;
		default:
			return mig_is_set_expression(cmd->subtype) ? cmd->name : NULL;
	}
}

/* Would a command alone have to be written otherwise, on a table with rows? */
static bool
is_hazard(MigAlter *alter, AlterTableCmd *cmd)
{
	switch (cmd->subtype)
	{
		case AT_AddColumn:
			return mig_rules_is_hazard(alter, castNode(ColumnDef, cmd->def), NULL);
		case AT_AddConstraint:
			{
				Constraint *constraint = castNode(Constraint, cmd->def);

				return !constraint->skip_validation && constraint->indexname == NULL &&
					mig_declared_enforced(constraint);
			}
		case AT_SetNotNull:
		case AT_AlterColumnType:
		case AT_SetLogged:
		case AT_SetUnLogged:
		case AT_SetAccessMethod:
		case AT_SetTableSpace:
			return true;
		default:
			return mig_is_set_expression(cmd->subtype);
	}
}

static void
alter_table(MigLint *lint, AlterTableStmt *stmt)
{
	MigRulesState *state = mig_rules_state(lint);
	MigAlter	alter = {0};
	ListCell   *lc;

	if (stmt->objtype != OBJECT_TABLE && stmt->objtype != OBJECT_FOREIGN_TABLE)
		return;
	alter.lint = lint;
	alter.stmt = stmt;
	alter.rel = mig_world_find(lint->world, stmt->relation);
	if (alter.rel == NULL)
		return;
	alter.target = psprintf("ALTER TABLE %s%s", stmt->relation->inh ? "" : "ONLY ",
							mig_rel_label(alter.rel));
	alter.old = alter.rel->old && alter.rel->persistence != RELPERSISTENCE_TEMP;
	alter.busy = alter.old && alter.rel->kind != RELKIND_FOREIGN_TABLE &&
		!mig_rules_is_empty(alter.rel);
	alter.ncommands = -1;
	if (alter.busy && list_length(stmt->cmds) > 1)
	{
		int			hazards = 0;

		foreach(lc, stmt->cmds)
			hazards += is_hazard(&alter, (AlterTableCmd *) lfirst(lc));
		alter.alone = hazards > 1;
	}

	foreach(lc, stmt->cmds)
	{
		const char *column;

		alter.cmd = (AlterTableCmd *) lfirst(lc);
		alter.number = foreach_current_index(lc);
		column = column_of(alter.cmd);
		alter.column = column ? mig_rel_column(alter.rel, column) : NULL;

		state->alter = &alter;
		mig_rules_alter_fails(&alter);
		if (mig_rules_is_table(alter.rel))
		{
			mig_rules_alter_constraint(&alter);
			mig_rules_alter_column(&alter);
			mig_rules_alter_data(&alter);
			mig_rules_alter_partition(&alter);
		}
		state->alter = NULL;
	}
}

/*
 * mig_rules_check
 *		Have the rules look at the current statement.
 */
void
mig_rules_check(MigLint *lint)
{
	Node	   *stmt = lint->current->stmt->raw->stmt;

	check_stack_depth();
	/* what was kept of the last one is gone */
	mig_rules_state(lint)->current = NULL;
	mig_rules_transaction(lint, stmt);
	mig_rules_fail(lint, stmt);

	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			alter_table(lint, (AlterTableStmt *) stmt);
			break;
		case T_IndexStmt:
			mig_rules_create_index(lint, (IndexStmt *) stmt);
			break;
		case T_DropStmt:
			if (((DropStmt *) stmt)->removeType == OBJECT_INDEX)
				mig_rules_drop_index(lint, (DropStmt *) stmt);
			else
				mig_rules_drop(lint, (DropStmt *) stmt);
			break;
		case T_DropdbStmt:
		case T_DeleteStmt:
		case T_UpdateStmt:
			mig_rules_modify(lint, stmt);
			break;
		case T_TruncateStmt:
			mig_rules_truncate(lint, (TruncateStmt *) stmt);
			break;
		case T_RenameStmt:
			mig_rules_rename(lint, (RenameStmt *) stmt);
			break;
		case T_AlterEnumStmt:
			mig_rules_enum(lint, (AlterEnumStmt *) stmt);
			break;
		case T_ReindexStmt:
			mig_rules_reindex(lint, (ReindexStmt *) stmt);
			break;
		case T_ClusterStmt:
		case T_VacuumStmt:
			mig_rules_rewrite(lint, stmt);
			break;
		case T_CreateStmt:
			mig_rules_create_partition(lint, (CreateStmt *) stmt);
			break;
		case T_RefreshMatViewStmt:
			mig_rules_refresh(lint, (RefreshMatViewStmt *) stmt);
			break;
		case T_AlterDomainStmt:
			mig_rules_alter_domain(lint, (AlterDomainStmt *) stmt);
			break;
		case T_CreateDomainStmt:
			mig_rules_create_domain(lint, (CreateDomainStmt *) stmt);
			break;
		default:
			break;
	}

	mig_rules_brief(lint, stmt);
	mig_rules_style(lint, stmt);
	/* when all have told what they know of */
	mig_rules_hidden(lint);
}

/*
 * mig_rules_finish
 *		... at what only the end of a script can tell.
 */
void
mig_rules_finish(MigLint *lint)
{
	if (!lint->quiet)
	{
		mig_rules_state(lint)->current = NULL;
		mig_rules_foreign_keys(lint);
	}
	lint->rules = NULL;
}
