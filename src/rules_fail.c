/*-------------------------------------------------------------------------
 *
 * rules_fail.c
 *	  Rules on statements that will fail, as far as the catalogs tell.
 *
 * Reads catalogs through the world; takes no lock.  Where the world cannot be
 * known for sure nothing is said.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "compat.h"
#include "parser/parse_target.h"
#include "utils/builtins.h"

static const char *
printed(const RangeVar *name)
{
	return name->schemaname ? quote_qualified_identifier(name->schemaname, name->relname) :
		quote_identifier(name->relname);
}

static void
report_missing(MigLint *lint, const RangeVar *name)
{
	MigFinding *finding;

	/* what another did, or a temporary table of the session, is not known */
	if (lint->opaque || name->catalogname)
		return;
	finding = mig_rules_report(lint, "undefined-table", MIG_LEVEL_HIGH, name->location, NULL);
	if (finding)
	{
		finding->message = psprintf("there is no relation %s", printed(name));
		finding->why = "The statement fails (42P01).";
		finding->advice = "Correct the name, or its schema; or write IF EXISTS, where it need not be there.";
	}
}

static bool
exists(MigLint *lint, const RangeVar *name)
{
	return mig_world_find(lint->world, name) != NULL ||
		mig_world_find_index(lint->world, name) != NULL;
}

/* A name that is to be taken by a new relation: is it free? */
static bool
check_free(MigLint *lint, const RangeVar *name, bool if_not_exists)
{
	char	   *schema = mig_world_creation_schema(lint->world, name->schemaname,
												   name->relpersistence);
	RangeVar   *var;
	MigFinding *finding;

	if (schema == NULL)
		return true;
	var = makeRangeVar(schema, name->relname, -1);
	if (!exists(lint, var))
		return true;
	if (if_not_exists)
		return false;
	finding = mig_rules_report(lint, "duplicate-table", MIG_LEVEL_HIGH, name->location, NULL);
	if (finding)
	{
		finding->message = psprintf("there is a relation %s", printed(name));
		finding->why = "The statement fails (42P07).";
		finding->advice = "Choose another name; or write IF NOT EXISTS, if any relation of that name will do.";
	}
	return false;
}

static void
check_index(MigLint *lint, IndexStmt *stmt)
{
	MigRel	   *rel = mig_world_find(lint->world, stmt->relation);
	MigFinding *finding;
	ListCell   *lc;

	if (rel == NULL)
	{
		report_missing(lint, stmt->relation);
		return;
	}
	if (stmt->idxname && !stmt->if_not_exists)
	{
		RangeVar   *var = makeRangeVar(rel->schema, stmt->idxname, -1);
		MigRel	   *index = mig_world_find_index(lint->world, var);

		/* one that a failed build left has a finding of its own */
		if (index == NULL || index->valid || index->kind != RELKIND_INDEX)
			check_free(lint, var, false);
	}
	if (!mig_rules_is_table(rel) && rel->kind != RELKIND_MATVIEW)
		return;
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *elem = lfirst_node(IndexElem, lc);

		if (elem->name == NULL || lint->opaque ||
			mig_rel_column(rel, elem->name) != NULL || elem->name[0] == '\0')
			continue;
		finding = mig_rules_report(lint, "undefined-column", MIG_LEVEL_HIGH, -1, rel);
		if (finding)
		{
			finding->message = psprintf("%s has no column %s", mig_rel_label(rel),
										quote_identifier(elem->name));
			finding->why = "The statement fails (42703).";
			finding->advice = "Correct the name.";
		}
	}
}

static void
check_drop(MigLint *lint, DropStmt *stmt)
{
	ListCell   *lc;

	if (stmt->missing_ok || (stmt->removeType != OBJECT_TABLE &&
							 stmt->removeType != OBJECT_VIEW &&
							 stmt->removeType != OBJECT_MATVIEW &&
							 stmt->removeType != OBJECT_INDEX))
		return;
	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));

		if (!exists(lint, name))
			report_missing(lint, name);
	}
}

/* A column that a list names. */
typedef struct NamedColumn
{
	const char *name;
	int			location;
	bool		part;			/* only a field or an element of it */
} NamedColumn;

/* Each column once; parts may be assigned one by one. */
static void
check_once(MigLint *lint, const NamedColumn *columns, int n, const char *sqlstate)
{
	int			i;
	int			j;

	for (i = 1; i < n; i++)
	{
		for (j = 0; j < i; j++)
		{
			MigFinding *finding;

			if ((columns[i].part && columns[j].part) ||
				strcmp(columns[i].name, columns[j].name) != 0)
				continue;
			finding = mig_rules_report(lint, "ban-duplicate-column-assignments",
									   MIG_LEVEL_HIGH, columns[i].location, NULL);
			if (finding)
			{
				finding->message = psprintf("column %s is there twice",
											quote_identifier(columns[i].name));
				finding->why = psprintf("The statement fails (%s).", sqlstate);
				finding->advice = "Name it once.";
			}
			return;
		}
	}
}

/*
 * Columns that a command sets, makes, or gives names to: targets of an UPDATE
 * or INSERT, definitions, names alone, or what a SELECT returns.
 */
static void
check_columns(MigLint *lint, List *list, const char *sqlstate)
{
	NamedColumn *columns;
	int			n = 0;
	ListCell   *lc;

	/* the server has no use for more */
	if (list_length(list) < 2 || list_length(list) > MaxTupleAttributeNumber)
		return;
	columns = palloc(list_length(list) * sizeof(NamedColumn));
	foreach(lc, list)
	{
		Node	   *node = (Node *) lfirst(lc);
		NamedColumn column = {NULL, -1, false};

		if (IsA(node, String))
			column.name = strVal(node);
		else if (IsA(node, ColumnDef))
		{
			column.name = ((ColumnDef *) node)->colname;
			column.location = ((ColumnDef *) node)->location;
		}
		else if (IsA(node, ResTarget))
		{
			ResTarget  *target = (ResTarget *) node;

			column.name = target->name;
			column.location = target->location;
			column.part = target->indirection != NIL;
			if (column.name == NULL && target->val &&
				!(IsA(target->val, ColumnRef) &&
				  IsA(llast(((ColumnRef *) target->val)->fields), A_Star)) &&
				!(IsA(target->val, A_Indirection) &&
				  IsA(llast(((A_Indirection *) target->val)->indirection), A_Star)))
				column.name = FigureColname(target->val);
		}
		if (column.name)
			columns[n++] = column;
	}
	check_once(lint, columns, n, sqlstate);
	pfree(columns);
}

/* ... of a relation that a query fills. */
static void
check_query_columns(MigLint *lint, List *names, Node *query)
{
	SelectStmt *select = (SelectStmt *) query;

	if (names == NIL && query && IsA(query, SelectStmt))
	{
		/* the first of a UNION gives the names */
		while (select->larg)
			select = select->larg;
		names = select->targetList;
	}
	check_columns(lint, names, "42701");
}

static void
check_assignments(MigLint *lint, Node *stmt)
{
	WithClause *with = NULL;
	ListCell   *lc;

	check_stack_depth();
	switch (nodeTag(stmt))
	{
		case T_UpdateStmt:
			with = ((UpdateStmt *) stmt)->withClause;
			check_columns(lint, ((UpdateStmt *) stmt)->targetList, "42601");
			break;
		case T_InsertStmt:
			with = ((InsertStmt *) stmt)->withClause;
			check_columns(lint, ((InsertStmt *) stmt)->cols, "42701");
			if (((InsertStmt *) stmt)->onConflictClause)
				check_columns(lint, ((InsertStmt *) stmt)->onConflictClause->targetList, "42601");
			break;
		case T_MergeStmt:
			with = ((MergeStmt *) stmt)->withClause;
			foreach(lc, ((MergeStmt *) stmt)->mergeWhenClauses)
			{
				MergeWhenClause *clause = lfirst_node(MergeWhenClause, lc);

				check_columns(lint, clause->targetList,
							  clause->commandType == CMD_INSERT ? "42701" : "42601");
			}
			break;
		case T_DeleteStmt:
			with = ((DeleteStmt *) stmt)->withClause;
			break;
		case T_SelectStmt:
			with = ((SelectStmt *) stmt)->withClause;
			break;
		default:
			break;
	}
	/* deeper down they may not be */
	if (with)
	{
		foreach(lc, with->ctes)
		{
			Node	   *query = lfirst_node(CommonTableExpr, lc)->ctequery;

			if (!IsA(query, SelectStmt))
				check_assignments(lint, query);
		}
	}
}

static void
check_rename(MigLint *lint, RenameStmt *stmt)
{
	MigRel	   *rel;
	MigFinding *finding;

	if (stmt->relation == NULL)
		return;
	rel = mig_world_find(lint->world, stmt->relation);
	if (rel == NULL && !stmt->missing_ok && stmt->renameType == OBJECT_TABLE &&
		!exists(lint, stmt->relation))
		report_missing(lint, stmt->relation);
	if (rel == NULL || stmt->renameType != OBJECT_COLUMN || !mig_rules_is_table(rel))
		return;
	if (mig_rel_column(rel, stmt->subname) == NULL && !lint->opaque)
	{
		finding = mig_rules_report(lint, "undefined-column", MIG_LEVEL_HIGH, -1, rel);
		if (finding)
		{
			finding->message = psprintf("%s has no column %s", mig_rel_label(rel),
										quote_identifier(stmt->subname));
			finding->why = "The statement fails (42703).";
			finding->advice = "Correct the name.";
		}
	}
	else if (mig_rel_column(rel, stmt->newname) != NULL && !lint->opaque)
	{
		finding = mig_rules_report(lint, "duplicate-column", MIG_LEVEL_HIGH, -1, rel);
		if (finding)
		{
			finding->message = psprintf("%s has a column %s", mig_rel_label(rel),
										quote_identifier(stmt->newname));
			finding->why = "The statement fails (42701).";
			finding->advice = "Choose another name.";
		}
	}
}

/*
 * mig_rules_fail
 *		What will fail because of what is there, or is not.
 */
void
mig_rules_fail(MigLint *lint, Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			if (!((AlterTableStmt *) stmt)->missing_ok &&
				((AlterTableStmt *) stmt)->objtype != OBJECT_TYPE &&
				!exists(lint, ((AlterTableStmt *) stmt)->relation))
				report_missing(lint, ((AlterTableStmt *) stmt)->relation);
			break;
		case T_IndexStmt:
			check_index(lint, (IndexStmt *) stmt);
			break;
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			/* which begins as a CreateStmt does */
			if (check_free(lint, ((CreateStmt *) stmt)->relation,
						   ((CreateStmt *) stmt)->if_not_exists))
				check_columns(lint, ((CreateStmt *) stmt)->tableElts, "42701");
			break;
		case T_CreateTableAsStmt:
			if (check_free(lint, ((CreateTableAsStmt *) stmt)->into->rel,
						   ((CreateTableAsStmt *) stmt)->if_not_exists))
				check_query_columns(lint, ((CreateTableAsStmt *) stmt)->into->colNames,
									((CreateTableAsStmt *) stmt)->query);
			break;
		case T_ViewStmt:
			if (!((ViewStmt *) stmt)->replace)
				(void) check_free(lint, ((ViewStmt *) stmt)->view, false);
			check_query_columns(lint, ((ViewStmt *) stmt)->aliases, ((ViewStmt *) stmt)->query);
			break;
		case T_CreateSeqStmt:
			(void) check_free(lint, ((CreateSeqStmt *) stmt)->sequence,
							  ((CreateSeqStmt *) stmt)->if_not_exists);
			break;
		case T_DropStmt:
			check_drop(lint, (DropStmt *) stmt);
			break;
		case T_TruncateStmt:
			foreach(lc, ((TruncateStmt *) stmt)->relations)
			{
				if (!exists(lint, lfirst_node(RangeVar, lc)))
					report_missing(lint, lfirst_node(RangeVar, lc));
			}
			break;
		case T_RenameStmt:
			check_rename(lint, (RenameStmt *) stmt);
			break;
		case T_UpdateStmt:
		case T_InsertStmt:
		case T_MergeStmt:
		case T_DeleteStmt:
			check_assignments(lint, stmt);
			break;
		case T_SelectStmt:
			check_assignments(lint, stmt);
			if (((SelectStmt *) stmt)->intoClause &&
				check_free(lint, ((SelectStmt *) stmt)->intoClause->rel, false))
				check_query_columns(lint, NIL, stmt);
			break;
		default:
			break;
	}
	mig_rules_enum_use(lint);
}

/* Has an earlier command of the statement added that column, or dropped it? */
static bool
changed_before(MigAlter *alter, const char *name)
{
	int			i;

	for (i = 0; i < list_length(alter->stmt->cmds); i++)
	{
		AlterTableCmd *cmd = list_nth_node(AlterTableCmd, alter->stmt->cmds, i);

		if (i == alter->number)
			continue;
		if (cmd->subtype == AT_AddColumn &&
			strcmp(castNode(ColumnDef, cmd->def)->colname, name) == 0)
			return true;
		if (cmd->subtype == AT_DropColumn && strcmp(cmd->name, name) == 0)
			return true;
	}
	return false;
}

static void
undefined_column(MigAlter *alter, const char *name)
{
	MigFinding *finding;

	if (alter->lint->opaque || changed_before(alter, name))
		return;
	finding = mig_rules_report(alter->lint, "undefined-column", MIG_LEVEL_HIGH, -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("%s has no column %s", mig_rel_label(alter->rel),
									quote_identifier(name));
		finding->why = "The statement fails (42703).";
		finding->advice = "Correct the name.";
	}
}

/* Does a unique index keep exactly these columns of what is referenced? */
static bool
can_be_referenced(MigRel *target, List *names)
{
	ListCell   *lc;

	foreach(lc, mig_rel_indexes(target))
	{
		MigRel	   *index = (MigRel *) lfirst(lc);
		ListCell   *lc2;
		bool		all = index->unique && !index->partial &&
			(names == NIL ? index->primary : list_length(index->key) == list_length(names));

		if (!all)
			continue;
		foreach(lc2, names)
		{
			MigColumn  *column = mig_rel_column(target, strVal(lfirst(lc2)));

			all = all && column && list_member_int(index->key, column->number);
		}
		if (all)
			return true;
	}
	return false;
}

static void
check_foreign_key(MigAlter *alter, Constraint *constraint)
{
	MigLint    *lint = alter->lint;
	MigRel	   *target = mig_world_find(lint->world, constraint->pktable);
	MigFinding *finding;
	ListCell   *lc;

	if (target == NULL)
	{
		report_missing(lint, constraint->pktable);
		return;
	}
	if (!mig_rules_is_table(target) || lint->opaque || target == alter->rel)
		return;
	foreach(lc, constraint->pk_attrs)
	{
		if (mig_rel_column(target, strVal(lfirst(lc))) == NULL)
		{
			finding = mig_rules_report(lint, "undefined-column", MIG_LEVEL_HIGH,
									   constraint->location, target);
			if (finding)
			{
				finding->message = psprintf("%s has no column %s", mig_rel_label(target),
											quote_identifier(strVal(lfirst(lc))));
				finding->why = "The statement fails (42703).";
				finding->advice = "Correct the name.";
			}
			return;
		}
	}
	if (can_be_referenced(target, constraint->pk_attrs))
		return;
	finding = mig_rules_report(lint, "invalid-foreign-key", MIG_LEVEL_HIGH,
							   constraint->location, target);
	if (finding)
	{
		finding->message = constraint->pk_attrs == NIL ?
			psprintf("%s has no PRIMARY KEY to reference", mig_rel_label(target)) :
			psprintf("no unique index on %s (%s)", mig_rel_label(target),
					 mig_rules_columns(constraint->pk_attrs));
		finding->why = "A FOREIGN KEY needs one on exactly the columns that it references, without WHERE (42830).";
		finding->advice = "Make it before.";
		if (constraint->pk_attrs != NIL)
			finding->sql = psprintf("CREATE UNIQUE INDEX%s %s ON %s (%s);",
									target->old && target->kind == RELKIND_RELATION ? " CONCURRENTLY" : "",
									quote_identifier(mig_rules_relation_name(target,
																			 strVal(linitial(constraint->pk_attrs)), "key")),
									mig_rel_label(target),
									mig_rules_columns(constraint->pk_attrs));
	}
}

static void
check_constraint(MigAlter *alter, Constraint *constraint)
{
	MigFinding *finding = NULL;
	MigConstraint *other = NULL;
	ListCell   *lc;

	if (constraint->contype == CONSTR_FOREIGN)
	{
		foreach(lc, constraint->fk_attrs)
		{
			if (mig_rel_column(alter->rel, strVal(lfirst(lc))) == NULL)
				undefined_column(alter, strVal(lfirst(lc)));
		}
		check_foreign_key(alter, constraint);
	}
	else if (constraint->contype == CONSTR_PRIMARY || constraint->contype == CONSTR_UNIQUE)
	{
		foreach(lc, constraint->keys)
		{
			if (mig_rel_column(alter->rel, strVal(lfirst(lc))) == NULL)
				undefined_column(alter, strVal(lfirst(lc)));
		}
	}
	if (constraint->conname)
		other = mig_rel_constraint(alter->rel, constraint->conname);
	if (other == NULL || alter->lint->opaque)
		return;
	for (int i = 0; i < alter->number; i++)
	{
		AlterTableCmd *cmd = list_nth_node(AlterTableCmd, alter->stmt->cmds, i);

		if (cmd->subtype == AT_DropConstraint &&
			strcmp(cmd->name, constraint->conname) == 0)
			return;
	}
	finding = mig_rules_report(alter->lint, "duplicate-object", MIG_LEVEL_HIGH,
							   constraint->location, alter->rel);
	if (finding)
	{
		finding->message = psprintf("%s has a constraint %s", mig_rel_label(alter->rel),
									quote_identifier(constraint->conname));
		finding->why = "The statement fails (42710).";
		finding->advice = "Choose another name, or drop the old one before.";
	}
}

/* What a command of an ALTER TABLE will fail for. */
void
mig_rules_alter_fails(MigAlter *alter)
{
	AlterTableCmd *cmd = alter->cmd;
	MigFinding *finding;
	ColumnDef  *def;
	ListCell   *lc;

	if (!mig_rules_is_table(alter->rel))
		return;
	switch (cmd->subtype)
	{
		case AT_AddColumn:
			def = castNode(ColumnDef, cmd->def);
			if (mig_rel_column(alter->rel, def->colname) != NULL && !cmd->missing_ok &&
				!alter->lint->opaque && !changed_before(alter, def->colname))
			{
				finding = mig_rules_report(alter->lint, "duplicate-column", MIG_LEVEL_HIGH,
										   def->location, alter->rel);
				if (finding)
				{
					finding->message = psprintf("%s has a column %s",
												mig_rel_label(alter->rel),
												quote_identifier(def->colname));
					finding->why = "The statement fails (42701).";
					finding->advice = "Choose another name; or write IF NOT EXISTS, if any column of that name will do.";
				}
			}
			foreach(lc, def->constraints)
			{
				if (lfirst_node(Constraint, lc)->contype == CONSTR_FOREIGN)
					check_foreign_key(alter, lfirst_node(Constraint, lc));
			}
			break;
		case AT_AddConstraint:
			check_constraint(alter, castNode(Constraint, cmd->def));
			break;
		case AT_DropColumn:
			if (alter->column == NULL && !cmd->missing_ok)
				undefined_column(alter, cmd->name);
			break;
		case AT_ColumnDefault:
		case AT_DropNotNull:
		case AT_SetNotNull:
		case AT_AlterColumnType:
		case AT_SetStatistics:
		case AT_SetStorage:
		case AT_AddIdentity:
			/* a system column, or its number */
			if (alter->column == NULL && cmd->name)
				undefined_column(alter, cmd->name);
			break;
		case AT_ValidateConstraint:
		case AT_DropConstraint:
			if (cmd->missing_ok || alter->lint->opaque || cmd->name == NULL ||
				mig_rel_constraint(alter->rel, cmd->name) != NULL)
				break;
			for (int i = 0; i < alter->number; i++)
			{
				AlterTableCmd *other = list_nth_node(AlterTableCmd, alter->stmt->cmds, i);

				if (other->subtype == AT_AddConstraint || other->subtype == AT_AddColumn)
					return;
			}
			finding = mig_rules_report(alter->lint, "undefined-object", MIG_LEVEL_HIGH, -1,
									   alter->rel);
			if (finding)
			{
				finding->message = psprintf("%s has no constraint %s",
											mig_rel_label(alter->rel),
											quote_identifier(cmd->name));
				finding->why = "The statement fails (42704).";
				finding->advice = "Correct the name; or write IF EXISTS, where it need not be there.";
			}
			break;
		default:
			break;
	}
}

/* Is the type named in the text, or one of a column of what it names? */
static bool
speaks_of(MigLint *lint, MigTokens *tokens, const MigType *type)
{
	ListCell   *lc;
	int			i;

	for (i = 0; i < tokens->n; i++)
	{
		if (mig_token_is(tokens, i, type->name) ||
			mig_token_is(tokens, i, quote_identifier(type->name)))
			return true;
	}
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);
		ListCell   *lc2;

		if (!effect->named || !mig_rules_is_table(effect->rel))
			continue;
		foreach(lc2, mig_rel_columns(effect->rel))
		{
			MigColumn  *column = (MigColumn *) lfirst(lc2);

			if (column->type.own == type ||
				(OidIsValid(type->oid) && column->type.oid == type->oid))
				return true;
		}
	}
	return false;
}

/*
 * mig_rules_enum_use
 *		A value that the same transaction added to an old enum.
 */
void
mig_rules_enum_use(MigLint *lint)
{
	MigWorld   *world = lint->world;
	MigTokens  *tokens;
	ListCell   *lc;

	if (IsA(lint->current->stmt->raw->stmt, AlterEnumStmt) || !lint->in_transaction)
		return;
	foreach(lc, world->types)
	{
		MigType    *type = (MigType *) lfirst(lc);
		ListCell   *lc2;
		ListCell   *lc3;

		/* one that the transaction made itself has no such limit */
		if (type->new_labels == NIL || type->dropped ||
			type->made_in == world->transaction ||
			llast_int(type->new_labels_in) != world->transaction ||
			(tokens = mig_rules_tokens(lint)) == NULL ||
			!speaks_of(lint, tokens, type))
			continue;
		forboth(lc2, type->new_labels, lc3, type->new_labels_in)
		{
			char	   *label = (char *) lfirst(lc2);
			char	   *quoted = quote_literal_cstr(label);
			MigFinding *finding;
			int			i;

			if (lfirst_int(lc3) != world->transaction)
				continue;
			for (i = 0; i < tokens->n; i++)
			{
				const MigToken *token = &tokens->tokens[i];

				if (token->string && token->end - token->start == strlen(quoted) &&
					strncmp(tokens->text + token->start, quoted, strlen(quoted)) == 0)
					break;
			}
			if (i == tokens->n)
				continue;
			finding = mig_rules_report(lint, "enum-value-same-transaction", MIG_LEVEL_HIGH,
									   tokens->offset + tokens->tokens[i].start, NULL);
			if (finding)
			{
				finding->message = psprintf("value %s of enum %s is used by the transaction that adds it",
											quoted, quote_identifier(type->name));
				finding->why = "The statement fails (55P04): a new value can be used once it is committed.";
				finding->advice = "Add the value in a migration of its own, before this one.";
				finding->sql = psprintf("ALTER TYPE %s ADD VALUE %s;",
										quote_qualified_identifier(type->schema, type->name),
										quoted);
			}
			return;
		}
	}
}
