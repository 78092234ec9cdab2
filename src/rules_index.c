/*-------------------------------------------------------------------------
 *
 * rules_index.c
 *	  Rules on indexes: made, dropped and built anew without CONCURRENTLY,
 *	  left behind invalid, and missing under a FOREIGN KEY.
 *
 * Reads catalogs through the world; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

/* How many partitions an advice names. */
#define MAX_PARTITIONS 100

static bool
is_index(const MigRel *rel)
{
	return rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX;
}

/* As the server would name an index on these. */
static char *
index_columns(IndexStmt *stmt)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *elem = lfirst_node(IndexElem, lc);

		appendStringInfo(&buf, "%s%s", buf.len > 0 ? "_" : "",
						 elem->name ? elem->name : "expr");
		if (buf.len >= NAMEDATALEN)
			break;
	}
	return buf.data;
}

/* One index of a partitioned table, built where the rows are. */
static bool
index_partitions(StringInfo sql, IndexStmt *stmt, MigRel *rel, const char *name,
				 const char *head, const char *tail, const char *columns, int *n)
{
	List	   *children;
	ListCell   *lc;

	check_stack_depth();
	children = mig_rel_children(rel);
	foreach(lc, children)
	{
		MigRel	   *child = (MigRel *) lfirst(lc);
		char	   *child_name = mig_rules_relation_name(child, columns, "idx");
		bool		divided = child->kind == RELKIND_PARTITIONED_TABLE;

		if (++*n > MAX_PARTITIONS ||
			(child->kind != RELKIND_RELATION && !divided))
			return false;
		appendStringInfo(sql, "%s%s %s ON %s%s %s;\n", head,
						 divided ? "" : " CONCURRENTLY",
						 quote_identifier(child_name), divided ? "ONLY " : "",
						 mig_rel_label(child), tail);
		if (divided && !index_partitions(sql, stmt, child, child_name, head,
										 tail, columns, n))
			return false;
		appendStringInfo(sql, "ALTER INDEX %s ATTACH PARTITION %s;\n",
						 mig_rules_qualified(NULL, rel, name),
						 mig_rules_qualified(NULL, child, child_name));
	}
	return true;
}

static char *
partitioned_index_sql(MigLint *lint, IndexStmt *stmt, MigRel *rel)
{
	MigTokens  *tokens = mig_rules_tokens(lint);
	StringInfoData sql;
	char	   *columns = index_columns(stmt);
	char	   *name;
	const char *head = stmt->unique ? "CREATE UNIQUE INDEX" : "CREATE INDEX";
	char	   *tail;
	int			on;
	int			n = 0;

	if (tokens == NULL || (on = mig_token_find(tokens, 0, "on")) < 0)
		return NULL;
	name = stmt->idxname ? stmt->idxname :
		mig_rules_relation_name(rel, columns, "idx");
	tail = mig_tokens_text(tokens, mig_token_after_name(tokens, on + 1), tokens->n);
	initStringInfo(&sql);
	appendStringInfo(&sql, "%s %s ON ONLY %s %s;\n", head,
					 quote_identifier(name), mig_rel_label(rel), tail);
	if (!index_partitions(&sql, stmt, rel, name, head, tail, columns, &n))
		return NULL;
	return mig_rules_trim(sql.data);
}

/* What IF NOT EXISTS, or an error, leaves as it is. */
static bool
left_behind(MigLint *lint, IndexStmt *stmt, MigRel *rel)
{
	MigRel	   *index;
	MigFinding *finding;

	if (stmt->idxname == NULL)
		return false;
	index = mig_world_find_index(lint->world,
								 makeRangeVar(rel->schema, stmt->idxname, -1));
	if (index == NULL || !is_index(index))
		return index != NULL;
	if (index->valid || index->kind != RELKIND_INDEX)
		return true;
	finding = mig_rules_report(lint, "invalid-index", MIG_LEVEL_HIGH, -1, index);
	if (finding)
	{
		finding->message = psprintf("index %s exists and is INVALID",
									mig_rel_label(index));
		finding->why = stmt->if_not_exists ?
			"IF NOT EXISTS looks at the name only: the statement succeeds, and queries go on without the index." :
			"A build that failed left it behind: it is kept up to date by every write, but no query uses it, and its name is taken.";
		finding->advice = "Drop it first, without locking its table.";
		finding->sql = mig_rules_statement(lint);
		if (finding->sql)
			finding->sql = psprintf("DROP INDEX CONCURRENTLY %s;\n%s",
									mig_rel_label(index), finding->sql);
	}
	return true;
}

void
mig_rules_create_index(MigLint *lint, IndexStmt *stmt)
{
	MigRel	   *rel = mig_world_find(lint->world, stmt->relation);
	MigFinding *finding;
	bool		divided;
	ListCell   *lc;

	if (rel == NULL || left_behind(lint, stmt, rel))
		return;
	divided = rel->kind == RELKIND_PARTITIONED_TABLE;
	if (stmt->concurrent || !rel->old || rel->persistence == RELPERSISTENCE_TEMP ||
		(divided && !stmt->relation->inh) || mig_rules_is_empty(rel))
		return;

	finding = mig_rules_report(lint, "require-concurrent-index-creation",
							   mig_rules_level(lint), -1, rel);
	foreach(lc, mig_rel_tree(rel))
		mig_rules_tell(lint, (MigRel *) lfirst(lc));
	if (finding == NULL)
		return;
	finding->message = psprintf("%s on %s without CONCURRENTLY",
								stmt->unique ? "CREATE UNIQUE INDEX" : "CREATE INDEX",
								mig_rel_label(rel));
	finding->why = mig_rules_why(lint);
	if (divided)
	{
		finding->advice = "CONCURRENTLY is not possible on a partitioned table: make the index on it alone, build one on each partition concurrently, and attach these.";
		finding->sql = partitioned_index_sql(lint, stmt, rel);
	}
	else
	{
		MigTokens  *tokens = mig_rules_tokens(lint);

		finding->advice = lint->in_transaction || lint->in_block ?
			"Build it concurrently, in a migration of its own, since that refuses a transaction." :
			"Build it concurrently.";
		if (tokens)
			finding->sql = mig_rules_insert(lint, mig_token_find(tokens, 0, "index"),
											"CONCURRENTLY");
	}
}

/* The constraint that an index is of, or NULL. */
static MigConstraint *
constraint_of(MigRel *table, MigRel *index)
{
	ListCell   *lc;

	if (!index->unique && !index->exclusion)
		return NULL;
	foreach(lc, mig_rel_constraints(table))
	{
		MigConstraint *constraint = (MigConstraint *) lfirst(lc);

		if ((constraint->kind == CONSTRAINT_PRIMARY ||
			 constraint->kind == CONSTRAINT_UNIQUE ||
			 constraint->kind == CONSTRAINT_EXCLUSION) &&
			mig_constraint_index(constraint) == index)
			return constraint;
	}
	return NULL;
}

/* DROP INDEX: may it, and does it do so concurrently? */
void
mig_rules_drop_index(MigLint *lint, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		List	   *names = (List *) lfirst(lc);
		MigRel	   *index = mig_world_find_index(lint->world, makeRangeVarFromNameList(names));
		MigRel	   *table;
		MigConstraint *constraint;
		MigFinding *finding;

		if (index == NULL || !is_index(index) ||
			(table = mig_index_table(index)) == NULL)
			continue;
		constraint = constraint_of(table, index);
		if (constraint != NULL)
		{
			finding = mig_rules_report(lint, "dependent-objects-still-exist",
									   MIG_LEVEL_HIGH, -1, table);
			if (finding)
			{
				finding->message = psprintf("index %s is that of constraint %s",
											mig_rel_label(index),
											quote_identifier(constraint->name));
				finding->why = "It cannot be dropped without the constraint (2BP01), not by CASCADE either.";
				finding->advice = "Drop the constraint.";
				finding->sql = psprintf("ALTER TABLE %s DROP CONSTRAINT %s;",
										mig_rel_label(table),
										quote_identifier(constraint->name));
			}
			continue;
		}
		if (stmt->concurrent || !index->old || !table->old ||
			table->persistence == RELPERSISTENCE_TEMP)
			continue;
		finding = mig_rules_report(lint, "require-concurrent-index-deletion",
								   mig_rules_level_of(lint, table), -1, table);
		if (finding == NULL)
			continue;
		mig_rules_tell(lint, table);
		finding->message = psprintf("DROP INDEX of %s on %s without CONCURRENTLY",
									mig_rel_label(index), mig_rel_label(table));
		finding->why = mig_rules_why_of(lint, table);
		if (index->kind == RELKIND_PARTITIONED_INDEX)
			finding->advice = "CONCURRENTLY is not possible for the index of a partitioned table: have lock_timeout limit how long others wait behind it.";
		else
		{
			finding->advice = "Drop it concurrently, in a migration of its own, since that refuses a transaction.";
			finding->sql = psprintf("DROP INDEX CONCURRENTLY %s%s;",
									stmt->missing_ok ? "IF EXISTS " : "",
									mig_rel_label(index));
		}
	}
}

void
mig_rules_reindex(MigLint *lint, ReindexStmt *stmt)
{
	const char *kind = "TABLE";
	MigTokens  *tokens;
	MigFinding *finding;
	List	   *rels = NIL;
	ListCell   *lc;

	foreach(lc, stmt->params)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "concurrently") == 0 && defGetBoolean(option))
			return;
	}
	switch (stmt->kind)
	{
		case REINDEX_OBJECT_INDEX:
			kind = "INDEX";
			break;
		case REINDEX_OBJECT_TABLE:
			break;
		case REINDEX_OBJECT_SCHEMA:
			kind = "SCHEMA";
			break;
		case REINDEX_OBJECT_DATABASE:
			kind = "DATABASE";
			break;
		default:
			/* SYSTEM: not possible concurrently */
			return;
	}
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel->old && effect->rel->persistence != RELPERSISTENCE_TEMP &&
			(effect->rel->kind == RELKIND_RELATION || effect->rel->kind == RELKIND_MATVIEW) &&
			mig_rules_works(effect))
			rels = lappend(rels, effect->rel);
	}
	/* effects need not list all tables of a schema or database */
	if (rels == NIL && (stmt->kind == REINDEX_OBJECT_INDEX || stmt->kind == REINDEX_OBJECT_TABLE))
		return;

	finding = mig_rules_report(lint, "require-concurrent-reindex",
							   rels ? mig_rules_level(lint) : MIG_LEVEL_HIGH, -1, NULL);
	if (finding == NULL)
		return;
	foreach(lc, lint->current->effects)
		mig_rules_tell(lint, ((MigEffect *) lfirst(lc))->rel);
	finding->relations = rels;
	finding->message = psprintf("REINDEX %s without CONCURRENTLY", kind);
	finding->why = psprintf("%s%sQueries of a table lock all its indexes when they are planned, so that a plain SELECT waits too.",
							mig_rules_why(lint), rels ? " " : "");
	finding->advice = "Build the indexes anew concurrently, in a migration of its own, since that refuses a transaction.";
	if ((tokens = mig_rules_tokens(lint)) != NULL)
		finding->sql = mig_rules_insert(lint, mig_token_find(tokens, 0, kind),
										"CONCURRENTLY");
}

/* Is there an index that finds a FOREIGN KEY's rows? */
static bool
is_indexed(MigRel *rel, List *columns)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = (MigRel *) lfirst(lc);
		int			n = list_length(columns);
		ListCell   *lc2;
		int			found = 0;

		if (index->partial || list_length(index->key) < n ||
			(index->old && !index->valid && index->kind == RELKIND_INDEX))
			continue;
		foreach(lc2, index->key)
		{
			if (foreach_current_index(lc2) == n)
				break;
			if (list_member_int(columns, lfirst_int(lc2)))
				found++;
		}
		if (found == n)
			return true;
	}
	return false;
}

/* A FOREIGN KEY of the current script, as its end leaves it. */
static void
check_foreign_key(MigLint *lint, const RangeVar *name, const char *column,
				  Constraint *constraint)
{
	MigRel	   *rel = mig_world_find(lint->world, name);
	List	   *names = column ? list_make1(makeString(pstrdup(column))) : constraint->fk_attrs;
	List	   *columns = NIL;
	MigFinding *finding;
	ListCell   *lc;

	if (rel == NULL || !mig_rules_is_table(rel))
		return;
	foreach(lc, names)
	{
		MigColumn  *one = mig_rel_column(rel, strVal(lfirst(lc)));

		if (one == NULL)
			return;
		columns = lappend_int(columns, one->number);
	}
	if (is_indexed(rel, columns))
		return;
	finding = mig_rules_report(lint, "fk-without-index",
							   rel->old && !mig_rules_is_empty(rel) ? MIG_LEVEL_MEDIUM : MIG_LEVEL_LOW,
							   constraint->location, rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("no index on %s (%s), which references %s",
								mig_rel_label(rel), mig_rules_columns(names),
								quote_identifier(constraint->pktable->relname));
	finding->why = psprintf("Each DELETE from %s, and each UPDATE of its key, reads all of %s.",
							quote_identifier(constraint->pktable->relname),
							mig_rules_describe(rel));
	finding->advice = "Make an index that begins with these columns.";
	finding->sql = psprintf("CREATE INDEX %s%s ON %s (%s);",
							rel->old && rel->kind == RELKIND_RELATION && !mig_rules_is_empty(rel) ? "CONCURRENTLY " : "",
							quote_identifier(mig_rules_relation_name(rel, strVal(linitial(names)), "idx")),
							mig_rel_label(rel), mig_rules_columns(names));
}

static void
check_column_keys(MigLint *lint, const RangeVar *rel, ColumnDef *def)
{
	ListCell   *lc;

	foreach(lc, def->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_FOREIGN)
			check_foreign_key(lint, rel, def->colname, constraint);
	}
}

/*
 * mig_rules_foreign_keys
 *		The FOREIGN KEYs that a script adds, once it has made its indexes.
 */
void
mig_rules_foreign_keys(MigLint *lint)
{
	MigLinted  *current = lint->current;
	MigLintedScript *script = lint->script;
	int			i;

	for (i = 0; i < script->nstatements; i++)
	{
		Node	   *stmt;
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		lint->current = &script->statements[i];
		if (lint->current->stmt == NULL)
			continue;
		stmt = lint->current->stmt->raw->stmt;
		if (IsA(stmt, CreateStmt))
		{
			foreach(lc, ((CreateStmt *) stmt)->tableElts)
			{
				Node	   *element = (Node *) lfirst(lc);

				if (IsA(element, ColumnDef))
					check_column_keys(lint, ((CreateStmt *) stmt)->relation,
									  (ColumnDef *) element);
				else if (IsA(element, Constraint) &&
						 ((Constraint *) element)->contype == CONSTR_FOREIGN)
					check_foreign_key(lint, ((CreateStmt *) stmt)->relation, NULL,
									  (Constraint *) element);
			}
		}
		else if (IsA(stmt, AlterTableStmt))
		{
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

				if (cmd->subtype == AT_AddColumn)
					check_column_keys(lint, ((AlterTableStmt *) stmt)->relation,
									  (ColumnDef *) cmd->def);
				else if (cmd->subtype == AT_AddConstraint &&
						 ((Constraint *) cmd->def)->contype == CONSTR_FOREIGN)
					check_foreign_key(lint, ((AlterTableStmt *) stmt)->relation, NULL,
									  (Constraint *) cmd->def);
			}
		}
	}
	lint->current = current;
}
