/*-------------------------------------------------------------------------
 *
 * rules_column.c
 *	  Rules on columns and on what writes a table anew.
 *
 * Reads catalogs through the world, and has the planner look at defaults;
 * takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/* What a new column's definition says. */
typedef struct NewColumn
{
	Constraint *default_value;
	Constraint *not_null;
	Constraint *primary;
	Constraint *identity;
	Constraint *generated;		/* a stored one */
	Constraint *virtual_value;
} NewColumn;

static NewColumn
read_definition(ColumnDef *def)
{
	NewColumn	result = {0};
	ListCell   *lc;

	foreach(lc, def->constraints)
	{
		Constraint *one = lfirst_node(Constraint, lc);

		switch (one->contype)
		{
			case CONSTR_DEFAULT:
				result.default_value = one;
				break;
			case CONSTR_NOTNULL:
				result.not_null = one;
				break;
			case CONSTR_PRIMARY:
				result.primary = one;
				break;
			case CONSTR_IDENTITY:
				result.identity = one;
				break;
			case CONSTR_GENERATED:
				if (mig_is_stored(one))
					result.generated = one;
				else
					result.virtual_value = one;
				break;
			default:
				break;
		}
	}
	return result;
}

/*
 * mig_rules_is_hazard
 *		Must more be changed in the column that is added than one constraint?
 */
bool
mig_rules_is_hazard(MigAlter *alter, ColumnDef *def, const Constraint *but)
{
	MigWorld   *world = alter->lint->world;
	MigTypeRef	type;
	ListCell   *lc;

	if (!mig_world_resolve_type(world, def->typeName, &type) || type.serial ||
		mig_type_is_constrained(world, &type))
		return true;
	foreach(lc, def->constraints)
	{
		Constraint *one = lfirst_node(Constraint, lc);

		if (one == but)
			continue;
		switch (one->contype)
		{
			case CONSTR_CHECK:
			case CONSTR_UNIQUE:
			case CONSTR_PRIMARY:
			case CONSTR_FOREIGN:
			case CONSTR_IDENTITY:
				return true;
			case CONSTR_GENERATED:
				if (mig_is_stored(one))
					return true;
				break;
			case CONSTR_DEFAULT:
				if (mig_predict_default(world, &type, one->raw_expr,
										alter->lint->current->stmt->source).rewrites)
					return true;
				break;
			default:
				break;
		}
	}
	return false;
}

/* mig_alter_drops: does another command drop the column, so that its name is free? */
bool
mig_alter_drops(const AlterTableStmt *stmt, const char *column)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_DropColumn && strcmp(cmd->name, column) == 0)
			return true;
	}
	return false;
}

/*
 * A default in steps: new rows have it first, old ones in batches, unless they
 * are to have none.
 */
static char *
default_steps(MigAlter *alter, ColumnDef *def, const NewColumn *column, bool fill)
{
	List	   *without = list_make1(column->default_value);
	StringInfoData later;
	char	   *add;
	char	   *text;
	const char *name = quote_identifier(def->colname);
	ListCell   *lc;

	initStringInfo(&later);
	foreach(lc, def->constraints)
	{
		Constraint *one = lfirst_node(Constraint, lc);
		const char *what = one->contype == CONSTR_NOTNULL ? "NOT NULL" :
			one->contype == CONSTR_UNIQUE ? "UNIQUE" :
			one->contype == CONSTR_PRIMARY ? "PRIMARY KEY" :
			one->contype == CONSTR_CHECK ? "CHECK" :
			one->contype == CONSTR_FOREIGN ? "REFERENCES" : NULL;

		if (what == NULL)
			continue;
		without = lappend(without, one);
		appendStringInfo(&later, "%s%s", later.len > 0 ? ", " : "", what);
	}
	add = mig_alter_column_without(alter, def, without);
	text = mig_alter_constraint_text(alter, def, column->default_value);
	if (add == NULL || text == NULL || pg_strncasecmp(text, "default", 7) != 0)
		return NULL;
	add = mig_alter_with(alter, add);
	if (add == NULL)
		return NULL;
	if (!fill)
		return psprintf("%s\n%s ALTER COLUMN %s SET %s;", add, alter->target, name, text);
	return psprintf("%s\n%s ALTER COLUMN %s SET %s;\n"
					"-- then, in batches that are committed each:\n"
					"-- UPDATE %s SET %s = DEFAULT WHERE %s IS NULL AND ...;%s",
					add, alter->target, name, text,
					mig_rel_label(alter->rel), name, name,
					later.len > 0 ? psprintf("\n-- and when all are done, %s", later.data) : "");
}

static void
volatile_default(MigAlter *alter, ColumnDef *def, const NewColumn *column)
{
	MigFinding *finding = mig_rules_report(alter->lint, "adding-field-with-default",
										   mig_rules_level(alter->lint),
										   column->default_value->location, alter->rel);

	if (finding == NULL)
		return;
	finding->message = psprintf("new column %s of %s with a volatile default",
								quote_identifier(def->colname), mig_rel_label(alter->rel));
	finding->why = mig_rules_why(alter->lint);
	finding->advice = "Add the column without it, set the default, and fill the old rows in batches.";
	finding->sql = default_steps(alter, def, column, true);
}

static void
stable_default(MigAlter *alter, ColumnDef *def, const NewColumn *column)
{
	MigFinding *finding = mig_rules_report(alter->lint, "stable-default-frozen",
										   MIG_LEVEL_LOW,
										   column->default_value->location, alter->rel);

	if (finding == NULL)
		return;
	finding->message = psprintf("all old rows of %s get the same value of %s",
								mig_rel_label(alter->rel), quote_identifier(def->colname));
	finding->why = psprintf("The default is evaluated once, when the statement runs, and stored for all rows there are: %s. The table is not written anew.",
							mig_rules_describe(alter->rel));
	finding->advice = "If the old rows should have another value, or none, add the column without the default and set that afterwards.";
	if (column->not_null == NULL && !mig_rules_is_hazard(alter, def, NULL))
		finding->sql = default_steps(alter, def, column, false);
}

static void
generated_column(MigAlter *alter, ColumnDef *def, const NewColumn *column)
{
	MigFinding *finding = mig_rules_report(alter->lint, "adding-field-with-default",
										   mig_rules_level(alter->lint),
										   column->generated->location, alter->rel);

	if (finding == NULL)
		return;
	finding->message = psprintf("new column %s of %s is generated and stored",
								quote_identifier(def->colname), mig_rel_label(alter->rel));
	finding->why = mig_rules_why(alter->lint);
	finding->advice = mig_server_version() >= 180000 ?
		"A VIRTUAL one is not stored and needs no rewrite; or add a plain column, keep it by a trigger, and fill the old rows in batches." :
		"Add a plain column, keep it by a trigger, and fill the old rows in batches.";
}

/* serial and identity: a sequence of its own, the old rows in batches */
static void
counted_column(MigAlter *alter, ColumnDef *def, const NewColumn *column,
			   const MigTypeRef *type)
{
	MigFinding *finding;
	const char *name = quote_identifier(def->colname);
	char	   *sequence;

	finding = mig_rules_report(alter->lint, "serial-rewrite",
							   mig_rules_level(alter->lint),
							   column->identity ? column->identity->location :
							   def->typeName->location, alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("new column %s of %s is %s", name,
								mig_rel_label(alter->rel),
								column->identity ? "an identity column" : "serial");
	finding->why = mig_rules_why(alter->lint);
	finding->advice = "Add a plain column with a sequence of its own, fill the old rows in batches, and make it an identity column when all are done: that needs no rewrite.";
	if (!mig_alter_is_single(alter) || list_length(def->constraints) > 1 ||
		alter->rel->kind == RELKIND_PARTITIONED_TABLE || !OidIsValid(type->oid))
		return;
	sequence = mig_rules_qualified(NULL, alter->rel,
								   mig_rules_relation_name(alter->rel, def->colname, "seq"));
	finding->sql = psprintf("%s ADD COLUMN %s %s;\n"
							"CREATE SEQUENCE %s AS %s OWNED BY %s.%s;\n"
							"%s ALTER COLUMN %s SET DEFAULT nextval(%s);\n"
							"-- then, in batches that are committed each:\n"
							"-- UPDATE %s SET %s = DEFAULT WHERE %s IS NULL AND ...;",
							alter->target, name, format_type_be(type->oid),
							sequence, format_type_be(type->oid),
							mig_rel_label(alter->rel), name,
							alter->target, name, quote_literal_cstr(sequence),
							mig_rel_label(alter->rel), name, name);
}

/* Is it a domain, or one over a domain, that refuses NULL? */
static bool
refuses_null(const MigTypeRef *ref)
{
	const MigType *own = ref->own_array ? NULL : ref->own;
	Oid			oid = ref->oid;

	while (own != NULL)
	{
		if (own->kind != TYPTYPE_DOMAIN)
			return false;
		if (own->not_null)
			return true;
		oid = own->base;
		own = own->own_base;
	}
	while (OidIsValid(oid))
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(oid));
		Form_pg_type form;
		bool		refuses;

		if (!HeapTupleIsValid(tuple))
			return false;
		form = (Form_pg_type) GETSTRUCT(tuple);
		refuses = form->typtype == TYPTYPE_DOMAIN && form->typnotnull;
		oid = form->typtype == TYPTYPE_DOMAIN ? form->typbasetype : InvalidOid;
		ReleaseSysCache(tuple);
		if (refuses)
			return true;
	}
	return false;
}

/* Does another command make a PRIMARY KEY of the column, which asks for more? */
static bool
becomes_key(const AlterTableStmt *stmt, const char *column)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		const Constraint *constraint = cmd->subtype == AT_AddConstraint ?
			castNode(Constraint, cmd->def) : NULL;
		ListCell   *lc2;

		if (constraint == NULL || constraint->contype != CONSTR_PRIMARY)
			continue;
		foreach(lc2, constraint->keys)
		{
			if (strcmp(strVal(lfirst(lc2)), column) == 0)
				return true;
		}
	}
	return false;
}

/* NOT NULL, and nothing to put into the rows there are */
static void
required_column(MigAlter *alter, ColumnDef *def, const NewColumn *column,
				const MigTypeRef *type)
{
	Constraint *why = column->not_null ? column->not_null : column->primary;
	MigFinding *finding;
	bool		domain = false;

	if (why == NULL)
	{
		domain = refuses_null(type);
		if (!domain)
			return;
	}
	finding = mig_rules_report(alter->lint, "adding-required-field", MIG_LEVEL_HIGH,
							   why ? why->location : def->typeName->location, alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("new column %s of %s is NOT NULL and has no default",
								quote_identifier(def->colname), mig_rel_label(alter->rel));
	finding->why = psprintf("The statement fails if there is a row (23502): %s.",
							mig_rules_describe(alter->rel));
	finding->advice = domain ? "Give the column a default, or a type that may be NULL." :
		"Give the column a default; or add it as one that may be NULL, fill it, and make it NOT NULL then.";
	if (column->not_null && column->primary == NULL &&
		!becomes_key(alter->stmt, def->colname))
	{
		char	   *text = mig_alter_column_without(alter, def, list_make1(column->not_null));

		if (text)
			finding->sql = mig_alter_with(alter, text);
	}
}

static void
add_column(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	ColumnDef  *def = castNode(ColumnDef, alter->cmd->def);
	NewColumn	column = read_definition(def);
	MigDefault	value = {0};
	MigTypeRef	type = {0};
	bool		counted;

	/* one that is there fails, or is left as it is */
	if (!alter->busy || (mig_rel_column(alter->rel, def->colname) != NULL &&
						 !mig_alter_drops(alter->stmt, def->colname)) ||
		!mig_world_resolve_type(lint->world, def->typeName, &type))
		return;
	counted = type.serial || column.identity != NULL;
	if (column.default_value)
		value = mig_predict_default(lint->world, &type, column.default_value->raw_expr,
									lint->current->stmt->source);

	if (!counted && column.generated == NULL && column.virtual_value == NULL &&
		(column.default_value == NULL || (value.known && value.is_null)))
		required_column(alter, def, &column, &type);
	if (!mig_rules_any_work(lint))
	{
		if (column.default_value && value.known && !value.is_null &&
			!value.rewrites && value.volatility == PROVOLATILE_STABLE)
			stable_default(alter, def, &column);
		return;
	}
	if (counted)
		counted_column(alter, def, &column, &type);
	else if (column.generated)
		generated_column(alter, def, &column);
	else if (column.default_value && value.known && value.rewrites)
		volatile_default(alter, def, &column);
	else
	{
		if (column.default_value && value.known && !value.is_null &&
			value.volatility == PROVOLATILE_STABLE)
			stable_default(alter, def, &column);
		if (mig_type_is_constrained(lint->world, &type))
		{
			MigFinding *finding = mig_rules_report(lint, "constrained-domain-column",
												   mig_rules_level(lint),
												   def->typeName->location, alter->rel);

			if (finding)
			{
				finding->message = psprintf("new column %s of %s is of a domain with constraints",
											quote_identifier(def->colname),
											mig_rel_label(alter->rel));
				finding->why = mig_rules_why(lint);
				finding->advice = "Use the domain's base type, and a CHECK constraint that is added NOT VALID and validated in a later transaction.";
			}
		}
	}
}

/* The views of a column, as a list for people. */
static void
views_in_the_way(MigAlter *alter, List *views)
{
	MigFinding *finding = mig_rules_report(alter->lint, "column-used-by-view",
										   MIG_LEVEL_HIGH, -1, alter->rel);

	if (finding == NULL)
		return;
	finding->relations = list_concat(finding->relations, views);
	finding->message = psprintf("column %s of %s is used by %s",
								quote_identifier(alter->column->name),
								mig_rel_label(alter->rel), mig_rules_list(views));
	finding->why = "The type of a column that a view or rule uses cannot be changed (0A000).";
	finding->advice = "Drop the views before, and make them again afterwards, in the same transaction.";
}

static void
column_type(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	MigFinding *finding;
	MigTypeChange change;
	List	   *views;
	char	   *why = NULL;

	if (alter->column == NULL)
		return;
	change = mig_predict_type_change(alter->rel, alter->column,
									 castNode(ColumnDef, alter->cmd->def),
									 lint->current->stmt->source, &why);
	if (change == MIG_TYPE_FAILS)
	{
		finding = mig_rules_report(lint, "datatype-mismatch", MIG_LEVEL_HIGH, -1, alter->rel);
		if (finding)
		{
			finding->message = psprintf("the type of column %s of %s cannot be changed so",
										quote_identifier(alter->column->name),
										mig_rel_label(alter->rel));
			finding->why = why ? psprintf("The server says: %s.", why) :
				"There is no conversion from the old type to the new one.";
			finding->advice = "Say with USING how the new value is made of the old one.";
		}
		return;
	}
	views = mig_rel_views(alter->rel, alter->column->number);
	if (views != NIL)
	{
		views_in_the_way(alter, views);
		return;
	}
	if (!alter->busy || !mig_rules_any_work(lint) ||
		(change == MIG_TYPE_FREE && list_length(alter->stmt->cmds) > 1))
		return;
	finding = mig_rules_report(lint, "changing-column-type", mig_rules_level(lint), -1,
							   alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("column %s of %s gets another type",
								quote_identifier(alter->column->name),
								mig_rel_label(alter->rel));
	finding->why = mig_rules_why(lint);
	finding->advice = change == MIG_TYPE_REWRITES ?
		"Add a column of the new type, keep it by a trigger, fill it in batches, and have clients change over before the old one is dropped." :
		"The values stay as they are, but what is built or checked on the column is done again: drop the index or constraint before, and make it concurrently or NOT VALID afterwards.";
}

static void
set_expression(MigAlter *alter)
{
	MigFinding *finding;

	if (!alter->busy || !mig_rules_any_work(alter->lint))
		return;
	finding = mig_rules_report(alter->lint, "set-expression-rewrite",
							   mig_rules_level(alter->lint), -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("column %s of %s gets another expression",
									quote_identifier(alter->cmd->name),
									mig_rel_label(alter->rel));
		finding->why = mig_rules_why(alter->lint);
		finding->advice = "Add a plain column, keep it by a trigger, fill it in batches, and have clients change over.";
	}
}

static void
set_persistence(MigAlter *alter)
{
	bool		unlogged = alter->cmd->subtype == AT_SetUnLogged;
	MigFinding *finding;

	if (!alter->old || alter->rel->persistence ==
		(unlogged ? RELPERSISTENCE_UNLOGGED : RELPERSISTENCE_PERMANENT))
		return;
	finding = mig_rules_report(alter->lint, "persistence-change",
							   alter->busy ? Max(mig_rules_level(alter->lint),
												 unlogged ? MIG_LEVEL_HIGH : MIG_LEVEL_LOW) :
							   MIG_LEVEL_MEDIUM, -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("%s becomes %s", mig_rel_label(alter->rel),
									unlogged ? "UNLOGGED" : "LOGGED");
		finding->why = psprintf("%s%s", mig_rules_why(alter->lint),
								unlogged ? " After a crash its rows are gone, and standbys have none." :
								" All of it goes through the write-ahead log.");
		finding->advice = unlogged ? "Keep it logged, if the rows matter." :
			"Make a new table that is logged, and copy the rows in batches.";
	}
}

/* What a whole table is written anew by, without another reason. */
static void
report_rewrite(MigLint *lint, MigRel *rel, const char *what, const char *advice)
{
	MigFinding *finding = mig_rules_report(lint, "table-rewrite", mig_rules_level(lint),
										   -1, rel);
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (mig_rules_works(effect))
			mig_rules_tell(lint, effect->rel);
	}
	if (finding == NULL)
		return;
	finding->message = rel ? psprintf("%s of %s", what, mig_rel_label(rel)) : pstrdup(what);
	finding->why = mig_rules_why(lint);
	finding->advice = (char *) advice;
}

static bool
rewrites_any(MigLint *lint)
{
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rewrites && mig_rules_works(effect))
			return true;
	}
	return false;
}

/* What a command of an ALTER TABLE does to columns and to the table's file. */
void
mig_rules_alter_column(MigAlter *alter)
{
	if (mig_is_set_expression(alter->cmd->subtype))
	{
		set_expression(alter);
		return;
	}
	switch (alter->cmd->subtype)
	{
		case AT_AddColumn:
			add_column(alter);
			break;
		case AT_AlterColumnType:
			column_type(alter);
			break;
		case AT_SetLogged:
		case AT_SetUnLogged:
			set_persistence(alter);
			break;
		case AT_SetAccessMethod:
			if (alter->busy && rewrites_any(alter->lint))
				report_rewrite(alter->lint, alter->rel, "SET ACCESS METHOD",
							   "Make a new table with it, and copy the rows in batches.");
			break;
		case AT_SetTableSpace:
			if (alter->busy && rewrites_any(alter->lint))
				report_rewrite(alter->lint, alter->rel, "SET TABLESPACE",
							   "Choose a quiet time, or have pg_repack move it while it is in use.");
			break;
		default:
			break;
	}
}

/* CLUSTER and VACUUM FULL */
void
mig_rules_rewrite(MigLint *lint, Node *stmt)
{
	static const char *const advice =
		"VACUUM without FULL makes the room usable again while the table is in use; pg_repack writes a table anew so.";
	MigRel	   *rel = NULL;

	if (IsA(stmt, VacuumStmt))
	{
		VacuumStmt *vacuum = (VacuumStmt *) stmt;

		if (!vacuum->is_vacuumcmd || !mig_vacuum_is_full(vacuum))
			return;
		if (list_length(vacuum->rels) == 1)
		{
			const RangeVar *name = linitial_node(VacuumRelation, vacuum->rels)->relation;

			rel = name ? mig_world_find(lint->world, name) : NULL;
		}
		if (rewrites_any(lint))
			report_rewrite(lint, rel, "VACUUM FULL", advice);
		else if (vacuum->rels == NIL)
		{
			MigFinding *finding = mig_rules_report(lint, "table-rewrite", MIG_LEVEL_HIGH, -1, NULL);

			if (finding)
			{
				finding->message = "VACUUM FULL of the whole database";
				finding->why = "Takes ACCESS EXCLUSIVE (AccessExclusiveLock) on one table after the other, so that reads and writes wait, while it is written anew.";
				finding->advice = (char *) advice;
			}
		}
	}
	else
	{
		const RangeVar *name = ((ClusterStmt *) stmt)->relation;

		rel = name ? mig_world_find(lint->world, name) : NULL;
		if (rewrites_any(lint))
			report_rewrite(lint, rel, "CLUSTER", advice);
	}
}
