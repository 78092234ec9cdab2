/*-------------------------------------------------------------------------
 *
 * rules_data.c
 *	  Rules on data that are lost, and on what clients no longer find.
 *
 * Reads catalogs through the world; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* Loss of data there are: high; of what is empty: medium. */
static MigLevel
loss(MigRel *rel)
{
	return mig_rules_is_empty(rel) ? MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH;
}

static const char *
kind_name(ObjectType type)
{
	switch (type)
	{
		case OBJECT_TABLE:
			return "TABLE";
		case OBJECT_VIEW:
			return "VIEW";
		case OBJECT_MATVIEW:
			return "MATERIALIZED VIEW";
		case OBJECT_SEQUENCE:
			return "SEQUENCE";
		case OBJECT_SCHEMA:
			return "SCHEMA";
		case OBJECT_TYPE:
			return "TYPE";
		case OBJECT_DOMAIN:
			return "DOMAIN";
		case OBJECT_FUNCTION:
			return "FUNCTION";
		case OBJECT_EXTENSION:
			return "EXTENSION";
		default:
			return "object";
	}
}

/* What else depends on a table: FOREIGN KEYs of other tables, and views. */
static List *
dependents(MigRel *rel, List *dropped)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, mig_rel_references(rel))
	{
		MigConstraint *one = (MigConstraint *) lfirst(lc);

		/* a partition's key is its parent's business */
		if (one->rel != rel && !(one->inherited && one->rel->is_partition) &&
			!(rel->is_partition && one->inherited))
			result = list_append_unique_ptr(result, one->rel);
	}
	foreach(lc, mig_rel_views(rel, 0))
		result = list_append_unique_ptr(result, lfirst(lc));
	if (!rel->is_partition && rel->kind == RELKIND_RELATION)
	{
		/* what inherits it; partitions go with a partitioned table */
		foreach(lc, mig_rel_children(rel))
			result = list_append_unique_ptr(result, lfirst(lc));
	}
	return list_difference_ptr(result, dropped);
}

static void
report_dependents(MigLint *lint, MigRel *rel, const char *what, List *others,
				  bool cascade)
{
	MigFinding *finding;
	bool		old = false;
	ListCell   *lc;

	foreach(lc, others)
		old |= ((MigRel *) lfirst(lc))->old;
	if (cascade && !old)
		return;
	finding = mig_rules_report(lint, cascade ? "ban-drop-cascade" :
							   "dependent-objects-still-exist", MIG_LEVEL_HIGH, -1, NULL);
	if (cascade)
	{
		foreach(lc, others)
			mig_rules_tell(lint, (MigRel *) lfirst(lc));
	}
	if (finding == NULL)
		return;
	finding->relations = rel ? lcons(rel, list_copy(others)) : others;
	if (cascade)
	{
		finding->message = psprintf("CASCADE reaches what depends on %s: %s", what,
									mig_rules_list(others));
		finding->why = psprintf("Views are dropped, and of tables the constraints and columns that depend on it. %s",
								mig_rules_why(lint));
		finding->advice = "Drop by name what is to go, and leave CASCADE out.";
	}
	else
	{
		finding->message = psprintf("%s is used by %s", what, mig_rules_list(others));
		finding->why = "What others depend on cannot be dropped (2BP01).";
		finding->advice = "Drop what depends on it before.";
	}
}

static void
drop_table(MigLint *lint, DropStmt *stmt, MigRel *rel, List *dropped)
{
	List	   *others = dependents(rel, dropped);
	MigFinding *finding;
	List	   *parents;

	if (others != NIL)
		report_dependents(lint, rel, mig_rel_label(rel), others,
						  stmt->behavior == DROP_CASCADE);
	if (!rel->old || rel->persistence == RELPERSISTENCE_TEMP)
		return;
	finding = mig_rules_report(lint, "ban-drop-table", loss(rel), -1, rel);
	if (finding)
	{
		finding->message = psprintf("DROP TABLE %s", mig_rules_describe(rel));
		finding->why = psprintf("Its rows are lost, and clients that use it fail. %s",
								mig_rules_why(lint));
		finding->advice = "Make sure that nothing uses it: rename it first, and drop it when nobody missed it; have a backup.";
	}
	if (rel->is_partition && (parents = mig_rel_parents(rel)) != NIL &&
		!list_member_ptr(dropped, linitial(parents)))
		mig_rules_drop_partition(lint, stmt, rel, (MigRel *) linitial(parents));
}

/* What a DROP with CASCADE of another object takes from old tables. */
static void
drop_cascade(MigLint *lint, DropStmt *stmt)
{
	List	   *others = NIL;
	MigFinding *finding;
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel->old && !effect->named &&
			(effect->modes & LOCKBIT_ON(AccessExclusiveLock)) &&
			(mig_rules_is_table(effect->rel) || effect->rel->kind == RELKIND_VIEW ||
			 effect->rel->kind == RELKIND_MATVIEW))
			others = lappend(others, effect->rel);
	}
	if (others == NIL)
		return;
	finding = mig_rules_report(lint, "ban-drop-cascade", MIG_LEVEL_HIGH, -1, NULL);
	foreach(lc, others)
		mig_rules_tell(lint, (MigRel *) lfirst(lc));
	if (finding)
	{
		finding->relations = others;
		finding->message = psprintf("DROP %s ... CASCADE reaches %s",
									kind_name(stmt->removeType), mig_rules_list(others));
		finding->why = psprintf("Their columns, constraints, triggers, or they themselves, are dropped with it. %s",
								mig_rules_why(lint));
		finding->advice = "Drop by name what is to go, and leave CASCADE out.";
	}
}

static void
drop_schema(MigLint *lint, DropStmt *stmt)
{
	bool		lost = false;
	MigFinding *finding;
	List	   *rels = NIL;
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel->old && (effect->loses || (effect->modes & LOCKBIT_ON(AccessExclusiveLock))) &&
			(mig_rules_is_table(effect->rel) || effect->rel->kind == RELKIND_VIEW ||
			 effect->rel->kind == RELKIND_MATVIEW))
		{
			rels = lappend(rels, effect->rel);
			lost |= effect->loses && !mig_rel_is_empty(effect->rel);
		}
	}
	foreach(lc, stmt->objects)
	{
		const char *name = strVal(lfirst(lc));

		if (!mig_world_schema_exists(lint->world, name) ||
			!OidIsValid(get_namespace_oid(name, true)))
			continue;
		finding = mig_rules_report(lint, "ban-drop-schema",
								   lost ? MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM, -1, NULL);
		if (finding)
		{
			finding->relations = rels;
			finding->message = psprintf("DROP SCHEMA %s%s", quote_identifier(name),
										stmt->behavior == DROP_CASCADE ? " CASCADE" : "");
			finding->why = rels == NIL ? pstrdup("Clients that use it fail.") :
				psprintf("%s %s lost with it. %s", mig_rules_list(rels),
						 list_length(rels) == 1 ? "is" : "are", mig_rules_why(lint));
			finding->advice = "Make sure that nothing uses it; have a backup.";
		}
	}
	foreach(lc, rels)
		mig_rules_tell(lint, (MigRel *) lfirst(lc));
}

/* Tables with a column of a type that is dropped without CASCADE. */
static void
drop_type(MigLint *lint, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		TypeName   *name = lfirst_node(TypeName, lc);
		MigTypeRef	type;
		List	   *rels = NIL;
		ListCell   *lc2;

		if (!mig_world_resolve_type(lint->world, name, &type) || !OidIsValid(type.oid))
			continue;
		foreach(lc2, mig_type_tables(lint->world, type.oid))
		{
			MigRel	   *rel = ((MigTypeUse *) lfirst(lc2))->rel;

			if (!rel->dropped)
				rels = list_append_unique_ptr(rels, rel);
		}
		if (rels != NIL)
			report_dependents(lint, NULL, TypeNameToString(name), rels, false);
	}
}

/*
 * mig_rules_drop
 *		DROP of anything but an index.
 */
void
mig_rules_drop(MigLint *lint, DropStmt *stmt)
{
	List	   *dropped = NIL;
	ListCell   *lc;

	switch (stmt->removeType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
			break;
		case OBJECT_SCHEMA:
			drop_schema(lint, stmt);
			return;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			if (stmt->behavior == DROP_CASCADE)
				drop_cascade(lint, stmt);
			else
				drop_type(lint, stmt);
			return;
		default:
			if (stmt->behavior == DROP_CASCADE)
				drop_cascade(lint, stmt);
			return;
	}

	foreach(lc, stmt->objects)
	{
		MigRel	   *rel = mig_world_find_list(lint->world, (List *) lfirst(lc));

		if (rel != NULL)
			dropped = list_append_unique_ptr(dropped, rel);
	}
	foreach(lc, dropped)
	{
		MigRel	   *rel = (MigRel *) lfirst(lc);

		if (stmt->removeType == OBJECT_TABLE && mig_rules_is_table(rel))
			drop_table(lint, stmt, rel, dropped);
		else if ((rel->kind == RELKIND_VIEW && stmt->removeType == OBJECT_VIEW) ||
				 (rel->kind == RELKIND_MATVIEW && stmt->removeType == OBJECT_MATVIEW))
		{
			List	   *others = list_difference_ptr(mig_rel_views(rel, 0), dropped);

			if (others != NIL)
				report_dependents(lint, rel, mig_rel_label(rel), others,
								  stmt->behavior == DROP_CASCADE);
		}
	}
}

/* Are views, FOREIGN KEYs or the like in the way of a column's end? */
static List *
column_dependents(MigAlter *alter)
{
	List	   *result = mig_rel_views(alter->rel, alter->column->number);
	ListCell   *lc;

	foreach(lc, mig_rel_references(alter->rel))
	{
		MigConstraint *one = (MigConstraint *) lfirst(lc);

		if (one->rel != alter->rel &&
			mig_constraint_references(one, alter->column))
			result = list_append_unique_ptr(result, one->rel);
	}
	return result;
}

static void
drop_column(MigAlter *alter)
{
	MigColumn  *column = alter->column;
	MigFinding *finding;
	List	   *others;

	if (column == NULL)
		return;
	others = column_dependents(alter);
	if (others != NIL)
		report_dependents(alter->lint, alter->rel,
						  psprintf("column %s of %s", quote_identifier(column->name),
								   mig_rel_label(alter->rel)), others,
						  alter->cmd->behavior == DROP_CASCADE);
	if (!alter->old || !column->old)
		return;
	finding = mig_rules_report(alter->lint, "ban-drop-column",
							   alter->busy && column->generated == '\0' ?
							   MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM, -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("column %s of %s is dropped",
									quote_identifier(column->name),
									mig_rules_describe(alter->rel));
		finding->why = psprintf("%s, and clients that use it fail. %s",
								column->generated ? "Its values can be made again" : "Its data are lost",
								mig_rules_why(alter->lint));
		finding->advice = "Make sure that no client uses it before it goes; have a backup.";
	}
}

static void
drop_not_null(MigAlter *alter)
{
	MigFinding *finding;

	if (!alter->old || alter->column == NULL || !alter->column->old ||
		!alter->column->not_null || mig_rules_not_null_follows(alter))
		return;
	finding = mig_rules_report(alter->lint, "ban-drop-not-null",
							   alter->busy ? MIG_LEVEL_MEDIUM : MIG_LEVEL_LOW, -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("column %s of %s may become NULL",
									quote_identifier(alter->column->name),
									mig_rel_label(alter->rel));
		finding->why = "Clients that expect a value may meet none, and to have NOT NULL back all rows must be read.";
		finding->advice = "Make sure that all clients can do with NULL.";
	}
}

static void
drop_default(MigAlter *alter)
{
	MigFinding *finding;
	bool		not_null;

	if (alter->cmd->def != NULL || !alter->old || alter->column == NULL ||
		!alter->column->old || !alter->column->has_default ||
		mig_rules_default_follows(alter))
		return;
	not_null = alter->column->not_null && !mig_rules_null_follows(alter);
	finding = mig_rules_report(alter->lint, "ban-drop-default",
							   not_null ? MIG_LEVEL_MEDIUM : MIG_LEVEL_LOW, -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("column %s of %s loses its default",
									quote_identifier(alter->column->name),
									mig_rel_label(alter->rel));
		finding->why = not_null ?
			"An INSERT that leaves the column out fails (23502)." :
			"An INSERT that leaves the column out has NULL in it.";
		finding->advice = "Make sure that all clients give a value.";
	}
}

/* What a command of an ALTER TABLE does to data, and to clients. */
void
mig_rules_alter_data(MigAlter *alter)
{
	MigFinding *finding;

	switch (alter->cmd->subtype)
	{
		case AT_DropColumn:
			drop_column(alter);
			break;
		case AT_DropNotNull:
			drop_not_null(alter);
			break;
		case AT_ColumnDefault:
			drop_default(alter);
			break;
		case AT_EnableRowSecurity:
			if (!alter->old || alter->rel->row_security)
				break;
			finding = mig_rules_report(alter->lint, "enabling-row-security",
									   alter->busy ? MIG_LEVEL_MEDIUM : MIG_LEVEL_LOW, -1,
									   alter->rel);
			if (finding)
			{
				finding->message = psprintf("row security of %s is enabled",
											mig_rel_label(alter->rel));
				finding->why = "All but the owner see, and may write, only what a policy lets them; without a policy, nothing.";
				finding->advice = "Create the policies before, in the same transaction.";
			}
			break;
		case AT_DisableTrig:
		case AT_DisableTrigAll:
		case AT_DisableTrigUser:
			if (!alter->old)
				break;
			finding = mig_rules_report(alter->lint, "ban-disable-trigger",
									   MIG_LEVEL_MEDIUM, -1, alter->rel);
			if (finding)
			{
				finding->message = psprintf("triggers of %s are disabled",
											mig_rel_label(alter->rel));
				finding->why = alter->cmd->subtype == AT_DisableTrigAll ?
					"Nobody's changes fire them, nor are FOREIGN KEYs checked, until they are enabled again; rows changed meanwhile stay as they are." :
					"Nobody's changes fire them until they are enabled again; rows changed meanwhile stay as they are.";
				finding->advice = "SET LOCAL session_replication_role = replica concerns the own transaction only.";
			}
			break;
		default:
			break;
	}
}

void
mig_rules_truncate(MigLint *lint, TruncateStmt *stmt)
{
	bool		cascade = stmt->behavior == DROP_CASCADE;
	List	   *named = NIL;
	List	   *busy = NIL;
	List	   *others = NIL;
	MigFinding *finding;
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		MigRel	   *rel = mig_world_find(lint->world, lfirst_node(RangeVar, lc));

		if (rel == NULL || !mig_rules_is_table(rel))
			continue;
		named = lappend(named, rel);
		if (rel->old && rel->persistence != RELPERSISTENCE_TEMP &&
			!mig_rules_is_empty(rel))
			busy = lappend(busy, rel);
	}
	foreach(lc, named)
	{
		ListCell   *lc2;

		foreach(lc2, mig_rel_references((MigRel *) lfirst(lc)))
		{
			MigRel	   *rel = ((MigConstraint *) lfirst(lc2))->rel;
			ListCell   *lc3;
			bool		covered = list_member_ptr(named, rel);

			foreach(lc3, named)
				covered = covered || mig_rules_in(rel, (MigRel *) lfirst(lc3));
			if (!covered)
				others = list_append_unique_ptr(others, rel);
		}
	}
	if (others != NIL && !cascade)
	{
		finding = mig_rules_report(lint, "dependent-objects-still-exist", MIG_LEVEL_HIGH,
								   -1, NULL);
		if (finding)
		{
			finding->relations = list_concat_copy(named, others);
			finding->message = psprintf("what is truncated is referenced by %s",
										mig_rules_list(others));
			finding->why = "A table that a FOREIGN KEY references cannot be truncated alone (0A000), even if it is empty.";
			finding->advice = "Name the referencing tables too, if their rows are to go; or DELETE.";
		}
		return;
	}
	if (cascade && others != NIL)
	{
		bool		lost = busy != NIL;

		foreach(lc, lint->current->effects)
		{
			MigEffect  *effect = (MigEffect *) lfirst(lc);

			if (effect->loses && !effect->named && effect->rel->old)
			{
				others = list_append_unique_ptr(others, effect->rel);
				lost = lost || !mig_rel_is_empty(effect->rel);
				mig_rules_tell(lint, effect->rel);
			}
		}
		finding = mig_rules_report(lint, "ban-truncate-cascade",
								   lost ? MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM, -1, NULL);
		if (finding)
		{
			finding->relations = list_concat_copy(named, others);
			finding->message = psprintf("TRUNCATE ... CASCADE empties %s too",
										mig_rules_list(others));
			finding->why = mig_rules_why(lint);
			finding->advice = "Name the tables that are to be emptied, and leave CASCADE out.";
		}
		return;
	}
	if (busy == NIL)
		return;
	finding = mig_rules_report(lint, "ban-truncate", MIG_LEVEL_HIGH, -1, NULL);
	if (finding)
	{
		finding->relations = busy;
		finding->message = psprintf("TRUNCATE %s", mig_rules_list(busy));
		finding->why = mig_rules_why(lint);
		finding->advice = "Make sure that no row of it is needed; have a backup.";
	}
}

/* Does a WHERE leave nothing out? */
static bool
is_true(Node *where)
{
	if (where == NULL)
		return true;
	if (IsA(where, TypeCast))
	{
		/* TRUE, before version 15 and in odd places */
		where = ((TypeCast *) where)->arg;
		return IsA(where, A_Const) && !((A_Const *) where)->isnull &&
			IsA(&((A_Const *) where)->val, String) &&
			strcmp(((A_Const *) where)->val.sval.sval, "t") == 0;
	}
	return IsA(where, A_Const) && !((A_Const *) where)->isnull &&
		IsA(&((A_Const *) where)->val, Boolean) &&
		((A_Const *) where)->val.boolval.boolval;
}

/*
 * mig_rules_fills
 *		Does an UPDATE write only columns that the text has added?
 */
bool
mig_rules_fills(MigRel *rel, const UpdateStmt *update)
{
	ListCell   *lc;

	foreach(lc, update->targetList)
	{
		const MigColumn *column = mig_rel_column(rel, ((ResTarget *) lfirst(lc))->name);

		if (column == NULL || column->old)
			return false;
	}
	return true;
}

/*
 * mig_rules_modify
 *		DELETE and UPDATE of all rows, and DROP DATABASE, which is the same.
 */
void
mig_rules_modify(MigLint *lint, Node *stmt)
{
	bool		deletes = IsA(stmt, DeleteStmt);
	bool		fills;
	const RangeVar *name;
	Node	   *where;
	List	   *using;
	MigRel	   *rel;
	MigFinding *finding;

	if (IsA(stmt, DropdbStmt))
	{
		finding = mig_rules_report(lint, "ban-drop-database", MIG_LEVEL_HIGH, -1, NULL);
		if (finding)
		{
			finding->message = psprintf("DROP DATABASE %s",
										quote_identifier(((DropdbStmt *) stmt)->dbname));
			finding->why = "All that is in it is lost.";
			finding->advice = "Drop a database by hand, when there is a backup.";
		}
		return;
	}
	name = deletes ? ((DeleteStmt *) stmt)->relation : ((UpdateStmt *) stmt)->relation;
	where = deletes ? ((DeleteStmt *) stmt)->whereClause : ((UpdateStmt *) stmt)->whereClause;
	using = deletes ? ((DeleteStmt *) stmt)->usingClause : ((UpdateStmt *) stmt)->fromClause;
	if (!is_true(where) || using != NIL)
		return;
	rel = mig_world_find(lint->world, name);
	if (rel == NULL || !mig_rules_is_table(rel) || !rel->old ||
		rel->persistence == RELPERSISTENCE_TEMP || mig_rules_is_empty(rel))
		return;
	fills = !deletes && mig_rules_fills(rel, (UpdateStmt *) stmt);
	finding = mig_rules_report(lint, deletes ? "delete-without-where" : "update-without-where",
							   deletes || (!fills && !mig_rel_is_small(rel)) ?
							   MIG_LEVEL_HIGH : MIG_LEVEL_LOW, -1, rel);
	if (finding == NULL)
		return;
	/* nothing is lost, but it is as much work */
	if (fills && !mig_rel_is_small(rel) && !finding->graded)
		finding->severity = finding->rule->severity;
	finding->message = psprintf("%s all rows of %s", deletes ? "DELETE of" : "UPDATE of",
								mig_rules_describe(rel));
	finding->why = deletes ?
		"The rows are lost; each is locked until the transaction's end, and the room they took is free only after a VACUUM." :
		fills ? "Each row is locked until the transaction's end, and the table grows by as much as it has, indexes too." :
		"The old values are lost; each row is locked until the transaction's end, and the table grows by as much as it has, indexes too.";
	finding->advice = deletes ?
		"If all are to go, have a backup; if only some, write a WHERE." :
		"Write a WHERE that leaves out what is right already, and go by batches that are committed each.";
}

static void
report_rename(MigLint *lint, const char *rule, MigRel *rel, const char *message,
			  const char *advice, char *sql)
{
	MigFinding *finding = mig_rules_report(lint, rule, MIG_LEVEL_MEDIUM, -1, rel);

	if (finding)
	{
		finding->message = (char *) message;
		finding->why = "Clients that use the old name fail from the commit on, and those that use the new one until then.";
		finding->advice = (char *) advice;
		finding->sql = sql;
	}
}

void
mig_rules_rename(MigLint *lint, RenameStmt *stmt)
{
	const char *to = quote_identifier(stmt->newname);
	MigRel	   *rel = stmt->relation ? mig_world_find(lint->world, stmt->relation) : NULL;
	MigColumn  *column;
	const char *label;

	switch (stmt->renameType)
	{
		case OBJECT_COLUMN:
			if (rel == NULL || !rel->old || rel->persistence == RELPERSISTENCE_TEMP ||
				(column = mig_rel_column(rel, stmt->subname)) == NULL || !column->old)
				return;
			report_rename(lint, "renaming-column", rel,
						  psprintf("column %s of %s becomes %s",
								   quote_identifier(stmt->subname), mig_rel_label(rel), to),
						  "Add a column of the new name, keep both by a trigger, and drop the old one when no client uses it.",
						  NULL);
			return;
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_SEQUENCE:
			/* ALTER TABLE can be said of an index, whose name is no client's */
			if (rel == NULL || !rel->old || rel->persistence == RELPERSISTENCE_TEMP ||
				rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX ||
				mig_rules_name_follows(lint, false, rel->name))
				return;
			label = mig_rel_label(rel);
			if (!mig_rules_is_table(rel))
				report_rename(lint, "renaming-object", rel,
							  psprintf("%s becomes %s", label, to),
							  "Have clients use the new name before the old one goes.", NULL);
			else
				report_rename(lint, "renaming-table", rel,
							  psprintf("table %s becomes %s", label, to),
							  "Leave a view of the old name, through which one can write as well, until no client uses it.",
							  psprintf("BEGIN;\nALTER TABLE %s RENAME TO %s;\nCREATE VIEW %s AS SELECT * FROM %s;\nCOMMIT;",
									   label, to, label,
									   mig_rules_qualified(NULL, rel, stmt->newname)));
			return;
		case OBJECT_SCHEMA:
			if (!OidIsValid(get_namespace_oid(stmt->subname, true)))
				return;
			report_rename(lint, "renaming-object", NULL,
						  psprintf("schema %s becomes %s", quote_identifier(stmt->subname), to),
						  "Have clients use the new name before the old one goes.", NULL);
			return;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			{
				MigTypeRef	type;

				if (!mig_world_resolve_type(lint->world,
											makeTypeNameFromNameList(castNode(List, stmt->object)),
											&type) || !OidIsValid(type.oid) ||
					mig_rules_name_follows(lint, true,
										   strVal(llast(castNode(List, stmt->object)))))
					return;
				report_rename(lint, "renaming-object", NULL,
							  psprintf("type %s becomes %s",
									   NameListToQuotedString(castNode(List, stmt->object)), to),
							  "Have clients use the new name before the old one goes.", NULL);
				return;
			}
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			{
				List	   *names = castNode(ObjectWithArgs, stmt->object)->objname;

				if (mig_world_find_function(lint->world, names) != NULL)
					return;
				report_rename(lint, "renaming-object", NULL,
							  psprintf("function %s becomes %s", NameListToQuotedString(names), to),
							  "Leave a function of the old name that calls the new one until no client uses it.",
							  NULL);
				return;
			}
		default:
			/* names of constraints, triggers and such are no client's */
			return;
	}
}

/* ALTER TYPE of an enum */
void
mig_rules_enum(MigLint *lint, AlterEnumStmt *stmt)
{
	MigTypeRef	type;

	if (!mig_world_resolve_type(lint->world,
								makeTypeNameFromNameList(stmt->typeName), &type) ||
		!OidIsValid(type.oid))
		return;
	if (stmt->oldVal != NULL)
		report_rename(lint, "renaming-object", NULL,
					  psprintf("value %s of enum %s becomes %s",
							   quote_literal_cstr(stmt->oldVal),
							   NameListToQuotedString(stmt->typeName),
							   quote_literal_cstr(stmt->newVal)),
					  "Add the new value, have clients use it, and update the rows that have the old one.",
					  psprintf("ALTER TYPE %s ADD VALUE %s AFTER %s;",
							   NameListToQuotedString(stmt->typeName),
							   quote_literal_cstr(stmt->newVal),
							   quote_literal_cstr(stmt->oldVal)));
}
