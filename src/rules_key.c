/*-------------------------------------------------------------------------
 *
 * rules_key.c
 *	  Rules on constraints that an index keeps: PRIMARY KEY, UNIQUE, EXCLUDE.
 *
 * Reads catalogs through the world; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_class.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

/* The columns (names) of a key that may still be NULL. */
static List *
nullable(MigRel *rel, List *names)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, names)
	{
		MigColumn  *column = mig_rel_column(rel, strVal(lfirst(lc)));

		if (column != NULL && !mig_predict_not_null(rel, column))
			result = lappend(result, lfirst(lc));
	}
	return result;
}

static const char *
timing(Constraint *constraint)
{
	return !constraint->deferrable ? "" :
		constraint->initdeferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
}

/* What stands between an index's table and its end. */
static char *
index_tail(Constraint *constraint, List *columns)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "(%s)", mig_rules_columns(columns));
	if (constraint->including != NIL)
		appendStringInfo(&buf, " INCLUDE (%s)", mig_rules_columns(constraint->including));
	if (constraint->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	if (constraint->indexspace)
		appendStringInfo(&buf, " TABLESPACE %s", quote_identifier(constraint->indexspace));
	return buf.data;
}

/* Each partition's index is built by itself, then attached. */
static char *
partitioned_steps(MigAlter *alter, Constraint *constraint, const char *name,
				  const char *kind)
{
	StringInfoData sql;
	List	   *children = mig_rel_children(alter->rel);
	char	   *tail = index_tail(constraint, constraint->keys);
	ListCell   *lc;

	if (constraint->indexspace || constraint->deferrable)
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s %s;\n",
					 mig_rel_label(alter->rel), quote_identifier(name), kind,
					 constraint->nulls_not_distinct ?
					 psprintf("NULLS NOT DISTINCT (%s)", mig_rules_columns(constraint->keys)) : tail);
	if (constraint->nulls_not_distinct && constraint->including)
		return NULL;
	foreach(lc, children)
	{
		MigRel	   *child = (MigRel *) lfirst(lc);
		const char *label = mig_rel_label(child);
		char	   *index = mig_rules_relation_name(child, NULL,
													constraint->contype == CONSTR_PRIMARY ? "pkey" : "key");

		if (child->kind != RELKIND_RELATION || foreach_current_index(lc) > 100)
			return NULL;
		appendStringInfo(&sql, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s %s;\n",
						 quote_identifier(index), label, tail);
		appendStringInfo(&sql, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s;\n",
						 label, quote_identifier(index), kind, quote_identifier(index));
		appendStringInfo(&sql, "ALTER INDEX %s ATTACH PARTITION %s;\n",
						 mig_rules_qualified(NULL, alter->rel, name),
						 mig_rules_qualified(NULL, child, index));
	}
	return mig_rules_trim(sql.data);
}

/*
 * The index built concurrently, and the constraint made of it.  before is a
 * command for the statement that is left, or NULL.
 */
static char *
index_steps(MigAlter *alter, Constraint *constraint, List *columns,
			const char *name, const char *before)
{
	const char *kind = constraint->contype == CONSTR_PRIMARY ? "PRIMARY KEY" : "UNIQUE";
	const char *index = mig_rules_relation_name(alter->rel, NULL,
												constraint->contype == CONSTR_PRIMARY ? "pkey" : "key");
	List	   *loose = NIL;
	StringInfoData sql;
	char	   *rest;
	char	   *add;
	ListCell   *lc;

	if (constraint->options != NIL || mig_has_without_overlaps(constraint))
		return NULL;
	if (before == NULL)
	{
		/* columns of the same statement are not there yet */
		foreach(lc, columns)
		{
			if (mig_rel_column(alter->rel, strVal(lfirst(lc))) == NULL)
				return NULL;
		}
		if (constraint->contype == CONSTR_PRIMARY)
			loose = nullable(alter->rel, columns);
	}
	if (alter->rel->kind == RELKIND_PARTITIONED_TABLE)
		return before == NULL && loose == NIL && mig_alter_is_single(alter) ?
			partitioned_steps(alter, constraint, name, kind) : NULL;

	/* an index takes its constraint's name anyway */
	if (mig_world_find_index(alter->rel->world, makeRangeVar(alter->rel->schema, (char *) name, -1)) == NULL)
		index = name;
	initStringInfo(&sql);
	rest = before || !mig_alter_is_single(alter) ? mig_alter_with(alter, before) : NULL;
	if (rest != NULL)
		appendStringInfo(&sql, "%s\n", rest);
	else if (before || !mig_alter_is_single(alter))
		return NULL;
	appendStringInfo(&sql, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s %s;\n",
					 quote_identifier(index), mig_rel_label(alter->rel),
					 index_tail(constraint, columns));
	add = psprintf("%s ADD CONSTRAINT %s %s USING INDEX %s%s;\n", alter->target,
				   quote_identifier(name), kind, quote_identifier(index),
				   timing(constraint));
	if (loose)
		appendStringInfoString(&sql, mig_rules_not_null_steps(alter, loose, add));
	else
		appendStringInfoString(&sql, add);
	return mig_rules_trim(sql.data);
}

/* ADD PRIMARY KEY USING INDEX over columns that may be NULL */
static void
using_index(MigAlter *alter, Constraint *constraint)
{
	MigLint    *lint = alter->lint;
	MigRel	   *index;
	List	   *names = NIL;
	MigFinding *finding;
	ListCell   *lc;

	if (constraint->contype != CONSTR_PRIMARY || !mig_rules_any_work(lint))
		return;
	index = mig_world_find_index(lint->world,
								 makeRangeVar(alter->rel->schema, constraint->indexname, -1));
	if (index == NULL)
		return;
	foreach(lc, index->key)
	{
		MigColumn  *column = lfirst_int(lc) ? mig_rel_column_at(alter->rel, lfirst_int(lc)) : NULL;

		if (column)
			names = lappend(names, makeString(column->name));
	}
	names = nullable(alter->rel, names);
	if (names == NIL)
		return;
	finding = mig_rules_report(lint, "pk-using-nullable-index", mig_rules_level(lint),
							   constraint->location, alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("PRIMARY KEY of %s over nullable column%s %s",
								mig_rel_label(alter->rel),
								list_length(names) == 1 ? "" : "s",
								mig_rules_columns(names));
	finding->why = psprintf("The index is there, but NOT NULL is not proven. %s",
							mig_rules_why(lint));
	finding->advice = "Have the columns proven NOT NULL before.";
	if (mig_alter_is_single(alter))
	{
		char	   *text = mig_alter_with(alter, mig_alter_text(alter));

		if (text)
			finding->sql = mig_rules_not_null_steps(alter, names, psprintf("%s\n", text));
	}
}

/*
 * mig_rules_key
 *		ADD PRIMARY KEY, UNIQUE or EXCLUDE, also USING INDEX.
 */
void
mig_rules_key(MigAlter *alter, Constraint *constraint)
{
	MigLint    *lint = alter->lint;
	bool		primary = constraint->contype == CONSTR_PRIMARY;
	MigFinding *finding;
	char	   *name = constraint->conname;

	if (!alter->busy)
		return;
	if (constraint->indexname)
	{
		using_index(alter, constraint);
		return;
	}
	if (!mig_rules_any_work(lint))
		return;
	finding = mig_rules_report(lint,
							   primary ? "adding-serial-primary-key-field" :
							   constraint->contype == CONSTR_EXCLUSION ? "exclusion-constraint" :
							   "disallowed-unique-constraint",
							   mig_rules_level(lint), constraint->location, alter->rel);
	if (finding == NULL)
		return;
	finding->why = mig_rules_why(lint);
	if (constraint->contype == CONSTR_EXCLUSION)
	{
		finding->message = psprintf("EXCLUDE constraint on %s", mig_rel_label(alter->rel));
		finding->advice = "There is no other way to add one: choose a quiet time, with a lock_timeout; or make a new table with the constraint, and copy the rows.";
		return;
	}
	if (name == NULL)
	{
		if (primary)
			name = mig_rules_relation_name(alter->rel, NULL, "pkey");
		else
		{
			StringInfoData buf;
			ListCell   *lc;

			initStringInfo(&buf);
			foreach(lc, constraint->keys)
				appendStringInfo(&buf, "%s%s", buf.len > 0 ? "_" : "", strVal(lfirst(lc)));
			name = mig_rules_relation_name(alter->rel, buf.data, "key");
		}
	}
	finding->message = psprintf("%s on %s builds its index under its lock",
								primary ? "PRIMARY KEY" : "UNIQUE constraint",
								mig_rel_label(alter->rel));
	finding->advice = alter->rel->kind == RELKIND_PARTITIONED_TABLE ?
		"Add it to the parent alone, build each partition's index concurrently, and attach these." :
		"Build a unique index concurrently, and make the constraint of it.";
	finding->sql = index_steps(alter, constraint, constraint->keys, name, NULL);
}

/* ADD COLUMN ... UNIQUE or PRIMARY KEY */
void
mig_rules_column_key(MigAlter *alter, ColumnDef *def, Constraint *constraint)
{
	MigLint    *lint = alter->lint;
	bool		primary = constraint->contype == CONSTR_PRIMARY;
	MigFinding *finding;

	if (!alter->busy || !mig_rules_any_work(lint))
		return;
	finding = mig_rules_report(lint,
							   primary ? "adding-serial-primary-key-field" : "disallowed-unique-constraint",
							   mig_rules_level(lint), constraint->location, alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("new column %s of %s is %s",
								quote_identifier(def->colname), mig_rel_label(alter->rel),
								primary ? "its PRIMARY KEY" : "UNIQUE");
	finding->why = mig_rules_why(lint);
	if (primary)
		finding->advice = "Add the column without it, fill it in batches, build a unique index concurrently, have the column proven NOT NULL, and make the key of the index.";
	else
	{
		char	   *column = mig_alter_column_without(alter, def, list_make1(constraint));
		char	   *name = constraint->conname ? constraint->conname :
			mig_rules_relation_name(alter->rel, def->colname, "key");

		finding->advice = "Add the column without it, build a unique index concurrently, and make the constraint of it.";
		if (column && !mig_rules_is_hazard(alter, def, constraint))
			finding->sql = index_steps(alter, constraint,
									   list_make1(makeString(def->colname)), name, column);
	}
}
