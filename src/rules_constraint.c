/*-------------------------------------------------------------------------
 *
 * rules_constraint.c
 *	  Rules on constraints: CHECK, NOT NULL, FOREIGN KEY, of domains; added,
 *	  validated and dropped.
 *
 * Reads catalogs through the world; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"

/* The one column that an expression names, or NULL. */
typedef struct ColumnSearch
{
	const char *column;
	bool		several;
} ColumnSearch;

static bool
find_column(Node *node, void *context)
{
	ColumnSearch *search = (ColumnSearch *) context;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
	{
		Node	   *last = llast(((ColumnRef *) node)->fields);

		if (IsA(last, String))
		{
			if (search->column && strcmp(search->column, strVal(last)) != 0)
				search->several = true;
			search->column = strVal(last);
		}
		return false;
	}
	return raw_expression_tree_walker(node, find_column, context);
}

static const char *
check_column(Node *raw)
{
	ColumnSearch search = {0};

	find_column(raw, &search);
	return search.several ? NULL : search.column;
}

/* Names joined as the server does for a constraint's name. */
static char *
joined(List *names)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, names)
	{
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? "_" : "", strVal(lfirst(lc)));
		if (buf.len >= NAMEDATALEN)
			break;
	}
	return buf.data;
}

/*
 * A constraint added NOT VALID and then validated.  text is the constraint's
 * own; before: another command to put before it, or NULL.
 */
static char *
not_valid_steps(MigAlter *alter, const char *name, bool named, const char *text,
				const char *before)
{
	char	   *add;

	if (text == NULL)
		return NULL;
	add = named ? psprintf("ADD %s NOT VALID", text) :
		psprintf("ADD CONSTRAINT %s %s NOT VALID", quote_identifier(name), text);
	if (before)
		add = psprintf("%s, %s", before, add);
	add = mig_alter_with(alter, add);
	if (add == NULL)
		return NULL;
	return psprintf("BEGIN;\n%s\nCOMMIT;\n%s VALIDATE CONSTRAINT %s;",
					add, alter->target, quote_identifier(name));
}

/* The text of ADD constraint, without ADD. */
static char *
added_text(MigAlter *alter)
{
	char	   *text = mig_alter_text(alter);

	if (text == NULL || strlen(text) < 4)
		return NULL;
	text += 3;
	while (isspace((unsigned char) *text))
		text++;
	return text;
}

static void
add_check(MigAlter *alter, ColumnDef *def, Constraint *constraint)
{
	MigFinding *finding;
	char	   *name = constraint->conname;

	if (constraint->skip_validation || !mig_declared_enforced(constraint) ||
		!alter->busy || !mig_rules_any_work(alter->lint))
		return;
	finding = mig_rules_report(alter->lint,
							   def ? "inline-check-scan" : "constraint-missing-not-valid",
							   mig_rules_level(alter->lint),
							   constraint->location, alter->rel);
	if (finding == NULL)
		return;
	if (name == NULL)
	{
		const char *column = check_column(constraint->raw_expr);

		if (column == NULL && def != NULL)
			column = def->colname;
		name = mig_rules_constraint_name(alter->rel, column, "check");
	}
	finding->why = mig_rules_why(alter->lint);
	if (def)
	{
		char	   *column = mig_alter_column_without(alter, def, list_make1(constraint));

		finding->message = psprintf("new column %s of %s with a CHECK of its own",
									quote_identifier(def->colname),
									mig_rel_label(alter->rel));
		finding->advice = "Add the constraint NOT VALID, and validate it in a later transaction.";
		if (column && !mig_rules_is_hazard(alter, def, constraint))
			finding->sql = not_valid_steps(alter, name, constraint->conname != NULL,
										   mig_alter_constraint_text(alter, def, constraint),
										   column);
	}
	else
	{
		finding->message = psprintf("CHECK on %s without NOT VALID",
									mig_rel_label(alter->rel));
		finding->advice = "Add it NOT VALID, and validate it in a later transaction: VALIDATE reads the table while reads and writes go on.";
		finding->sql = not_valid_steps(alter, name, constraint->conname != NULL,
									   added_text(alter), NULL);
	}
}

/* Do all partitions have a valid FOREIGN KEY like it, which the server takes over? */
static bool
partitions_have_key(MigRel *rel, MigRel *target, List *columns, List *target_columns)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, mig_rel_children(rel))
	{
		MigRel	   *child = (MigRel *) lfirst(lc);
		ListCell   *lc2;
		bool		found = false;

		foreach(lc2, mig_rel_constraints(child))
		{
			MigConstraint *one = (MigConstraint *) lfirst(lc2);
			ListCell   *lc3;
			bool		same = one->kind == CONSTRAINT_FOREIGN && one->valid &&
				one->enforced && mig_constraint_target(one) == target &&
				list_length(one->columns) == list_length(columns) &&
				(target_columns == NIL || equal(one->target_columns, target_columns));

			/* a partition may have its columns in another order */
			if (same)
			{
				foreach(lc3, columns)
				{
					MigColumn  *column = mig_rel_column(child, strVal(lfirst(lc3)));

					if (column == NULL ||
						column->number != list_nth_int(one->columns, foreach_current_index(lc3)))
						same = false;
				}
			}
			found |= same;
		}
		if (!found && child->kind == RELKIND_PARTITIONED_TABLE)
			found = mig_rel_children(child) != NIL &&
				partitions_have_key(child, target, columns, target_columns);
		if (!found)
			return false;
	}
	return true;
}

/* Each partition gets the key by itself; then the parent takes these over. */
static char *
partitioned_key_steps(MigAlter *alter, const char *text, bool named, const char *name)
{
	StringInfoData sql;
	List	   *children = mig_rel_children(alter->rel);
	ListCell   *lc;

	if (text == NULL)
		return NULL;
	initStringInfo(&sql);
	foreach(lc, children)
	{
		MigRel	   *child = (MigRel *) lfirst(lc);
		const char *label = mig_rel_label(child);
		const char *own = quote_identifier(mig_rules_constraint_name(child, NULL, name));

		if (child->kind != RELKIND_RELATION || foreach_current_index(lc) > 100)
			return NULL;
		appendStringInfo(&sql, "BEGIN;\nALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID;\nCOMMIT;\nALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
						 label, own, named ? strstr(text, "FOREIGN") : text, label, own);
	}
	appendStringInfo(&sql, "%s ADD %s;", alter->target, text);
	return sql.data;
}

/*
 * mig_rules_foreign_key
 *		A FOREIGN KEY that is added: of a new column (def), or by itself.
 */
void
mig_rules_foreign_key(MigAlter *alter, ColumnDef *def, Constraint *constraint,
					  bool has_default)
{
	MigLint    *lint = alter->lint;
	MigFinding *finding;
	MigRel	   *target;
	char	   *name = constraint->conname;
	List	   *columns;
	bool		divided = alter->rel->kind == RELKIND_PARTITIONED_TABLE;

	if (constraint->skip_validation || !mig_declared_enforced(constraint) ||
		!alter->busy || (def && !has_default) || !mig_rules_any_work(lint))
		return;
	target = mig_world_find(lint->world, constraint->pktable);
	columns = def ? list_make1(makeString(def->colname)) : constraint->fk_attrs;
	if (divided && def == NULL && target != NULL)
	{
		List	   *numbers = NIL;
		ListCell   *lc;

		foreach(lc, constraint->pk_attrs)
		{
			MigColumn  *column = mig_rel_column(target, strVal(lfirst(lc)));

			if (column)
				numbers = lappend_int(numbers, column->number);
		}
		if (partitions_have_key(alter->rel, target, columns, numbers))
			return;
	}

	finding = mig_rules_report(lint, "adding-foreign-key-constraint",
							   mig_rules_level(lint), constraint->location, alter->rel);
	if (finding == NULL)
		return;
	if (target && target != alter->rel)
		finding->relations = lappend(finding->relations, target);
	if (name == NULL)
		name = mig_rules_constraint_name(alter->rel, joined(columns), "fkey");
	finding->message = psprintf("FOREIGN KEY of %s to %s without NOT VALID",
								mig_rel_label(alter->rel),
								quote_identifier(constraint->pktable->relname));
	finding->why = mig_rules_why(lint);
	if (def)
	{
		char	   *column = mig_alter_column_without(alter, def, list_make1(constraint));
		char	   *text = mig_alter_constraint_text(alter, def, constraint);

		finding->advice = "Add the column alone, the constraint NOT VALID, and validate it in a later transaction.";
		if (column && text && constraint->conname == NULL && !divided &&
			!mig_rules_is_hazard(alter, def, constraint))
			finding->sql = not_valid_steps(alter, name, false,
										   psprintf("FOREIGN KEY (%s) %s", quote_identifier(def->colname), text),
										   column);
	}
	else if (divided && mig_server_version() < 180000)
	{
		finding->advice = "Before version 18, NOT VALID is not possible on a partitioned table: add the key to each partition NOT VALID, validate these, and have the parent take them over.";
		if (mig_alter_is_single(alter))
			finding->sql = partitioned_key_steps(alter, added_text(alter),
												 constraint->conname != NULL, "fkey");
	}
	else
	{
		finding->advice = "Add it NOT VALID, and validate it in a later transaction: VALIDATE reads the tables while reads and writes go on.";
		finding->sql = not_valid_steps(alter, name, constraint->conname != NULL,
									   added_text(alter), NULL);
	}
}

/* The lock that an earlier statement of the transaction holds on a relation. */
static const MigHeld *
held_on(MigLint *lint, const MigRel *rel)
{
	ListCell   *lc;

	foreach(lc, lint->held)
	{
		const MigHeld *held = (const MigHeld *) lfirst(lc);

		if (held->rel == rel)
			return held;
	}
	return NULL;
}

static MigLevel
level_by_size(MigRel *rel)
{
	ListCell   *lc;

	foreach(lc, mig_rel_tree(rel))
	{
		MigRel	   *one = (MigRel *) lfirst(lc);

		if (one->kind != RELKIND_PARTITIONED_TABLE && !mig_rel_is_small(one))
			return MIG_LEVEL_HIGH;
	}
	return MIG_LEVEL_MEDIUM;
}

/* VALIDATE in the transaction that holds the lock of ADD ... NOT VALID */
static void
validate(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	MigConstraint *constraint = mig_rel_constraint(alter->rel, alter->cmd->name);
	MigFinding *finding;
	const MigHeld *held;

	if (constraint == NULL || constraint->valid || !alter->busy ||
		constraint->made_in != lint->world->transaction)
		return;
	held = held_on(lint, alter->rel);
	finding = mig_rules_report(lint, "constraint-missing-not-valid",
							   level_by_size(alter->rel), -1, alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("constraint %s is validated by the transaction that adds it",
								quote_identifier(alter->cmd->name));
	finding->why = psprintf("%s that adding it took on %s is held%s while all of it is read: %s wait.",
							constraint->kind == CONSTRAINT_FOREIGN ?
							"SHARE ROW EXCLUSIVE (ShareRowExclusiveLock)" :
							"ACCESS EXCLUSIVE (AccessExclusiveLock)",
							mig_rules_describe(alter->rel),
							held && held->since && held->since->stmt ?
							psprintf(" since line %d", held->since->stmt->line) : "",
							constraint->kind == CONSTRAINT_FOREIGN ? "writes" : "reads and writes");
	finding->advice = "Validate it in a later transaction, or in a migration of its own.";
	finding->sql = psprintf("%s VALIDATE CONSTRAINT %s;", alter->target,
							quote_identifier(alter->cmd->name));
}

/* NOT NULL as a constraint that is not valid yet (18), or NULL. */
static MigConstraint *
unproven_not_null(MigRel *rel, MigColumn *column)
{
	ListCell   *lc;

	foreach(lc, mig_rel_constraints(rel))
	{
		MigConstraint *one = (MigConstraint *) lfirst(lc);

		if (one->kind == 'n' && !one->valid && one->name &&
			list_member_int(one->columns, column->number))
			return one;
	}
	return NULL;
}

/* SET NOT NULL, and from 18 on ADD CONSTRAINT ... NOT NULL */
static void
set_not_null(MigAlter *alter, const char *name, int location)
{
	MigLint    *lint = alter->lint;
	MigColumn  *column = mig_rel_column(alter->rel, name);
	MigConstraint *unproven;
	MigFinding *finding;
	List	   *tree;
	ListCell   *lc;
	bool		proven = true;

	if (!alter->busy || column == NULL || !mig_rules_any_work(lint))
		return;
	tree = alter->stmt->relation->inh ? mig_rel_tree(alter->rel) : list_make1(alter->rel);
	foreach(lc, tree)
	{
		MigRel	   *one = (MigRel *) lfirst(lc);
		MigColumn  *its = mig_rel_column(one, name);

		if (its != NULL && one->kind == RELKIND_RELATION &&
			!mig_rel_is_empty(one) && !mig_predict_not_null(one, its))
			proven = false;
	}
	if (proven)
		return;

	finding = mig_rules_report(lint, "adding-not-nullable-field",
							   mig_rules_level(lint), location, alter->rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("column %s of %s becomes NOT NULL",
								quote_identifier(name), mig_rel_label(alter->rel));
	finding->why = mig_rules_why(lint);
	unproven = unproven_not_null(alter->rel, column);
	if (unproven)
	{
		finding->advice = psprintf("Constraint %s is there and not valid: validate it, and the column is NOT NULL.",
								   quote_identifier(unproven->name));
		if (mig_alter_is_single(alter))
			finding->sql = psprintf("%s VALIDATE CONSTRAINT %s;", alter->target,
									quote_identifier(unproven->name));
		return;
	}
	finding->advice = mig_server_version() >= 180000 ?
		"Add it as a constraint NOT VALID, and validate that in a later transaction." :
		"Add a CHECK NOT VALID, validate it in a later transaction, and SET NOT NULL is proven by it.";
	finding->sql = mig_rules_not_null_steps(alter, list_make1(makeString(pstrdup(name))), NULL);
	if (!mig_alter_is_single(alter))
	{
		char	   *rest = mig_alter_with(alter, NULL);

		finding->sql = rest ? psprintf("%s\n%s", rest, finding->sql) : NULL;
	}
}

/* Is it a CHECK that the column's NOT NULL says already? */
static bool
is_redundant(MigRel *rel, MigConstraint *constraint)
{
	NullTest   *test = (NullTest *) constraint->expr;
	MigColumn  *column;

	if (constraint->kind != CONSTRAINT_CHECK || test == NULL ||
		!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL ||
		list_length(constraint->columns) != 1)
		return false;
	column = mig_rel_column_at(rel, linitial_int(constraint->columns));
	return column && column->not_null;
}

static const char *
kind_of_constraint(char kind)
{
	switch (kind)
	{
		case CONSTRAINT_CHECK:
			return "CHECK";
		case CONSTRAINT_FOREIGN:
			return "FOREIGN KEY";
		case CONSTRAINT_PRIMARY:
			return "PRIMARY KEY";
		case CONSTRAINT_UNIQUE:
			return "UNIQUE";
		case CONSTRAINT_EXCLUSION:
			return "EXCLUDE";
		default:
			return "NOT NULL";
	}
}

static void
drop_constraint(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	MigConstraint *constraint = mig_rel_constraint(alter->rel, alter->cmd->name);
	MigRel	   *target;
	MigFinding *finding;

	if (constraint == NULL || constraint->made_in != 0 || !alter->old)
		return;
	if (!is_redundant(alter->rel, constraint) &&
		!mig_rules_constraint_follows(alter, constraint))
	{
		finding = mig_rules_report(lint, "ban-drop-constraint",
								   alter->busy ? MIG_LEVEL_MEDIUM : MIG_LEVEL_LOW,
								   -1, alter->rel);
		if (finding)
		{
			finding->message = psprintf("%s constraint %s of %s is dropped",
										kind_of_constraint(constraint->kind),
										quote_identifier(constraint->name),
										mig_rel_label(alter->rel));
			finding->why = "What it kept out can come in, and to add it again all rows must be read.";
			finding->advice = "Make sure that no client relies on it.";
		}
	}
	if (constraint->kind != CONSTRAINT_FOREIGN ||
		(target = mig_constraint_target(constraint)) == NULL || !target->old)
		return;
	mig_rules_tell(lint, target);
	if (target == alter->rel)
		return;
	finding = mig_rules_report(lint, "drop-fk-locks-parent",
							   mig_rules_level_of(lint, target), -1, target);
	if (finding)
	{
		finding->message = psprintf("dropping the FOREIGN KEY %s locks %s too",
									quote_identifier(constraint->name),
									mig_rel_label(target));
		finding->why = mig_rules_why_of(lint, target);
		finding->advice = "Both locks are held to the transaction's end: drop it in a migration of its own, with a lock_timeout.";
	}
}

/* ALTER CONSTRAINT ... ENFORCED (18) */
static void
alter_constraint(MigAlter *alter)
{
	mig_AlterConstraint *change = (mig_AlterConstraint *) alter->cmd->def;
	MigConstraint *constraint;
	MigFinding *finding;

	if (!mig_alters_enforced(change) || !mig_alter_enforced(change) ||
		!alter->busy || !mig_rules_any_work(alter->lint))
		return;
	constraint = mig_rel_constraint(alter->rel, change->conname);
	if (constraint == NULL || constraint->enforced)
		return;
	finding = mig_rules_report(alter->lint, "adding-foreign-key-constraint",
							   mig_rules_level(alter->lint), -1, alter->rel);
	if (finding)
	{
		finding->message = psprintf("constraint %s becomes ENFORCED",
									quote_identifier(constraint->name));
		finding->why = mig_rules_why(alter->lint);
		finding->advice = "There is no form of this that does not read the tables under the lock: drop the constraint, add it NOT VALID, and validate it in a later transaction.";
	}
}

static void
add_column(MigAlter *alter)
{
	ColumnDef  *def = castNode(ColumnDef, alter->cmd->def);
	bool		has_default = false;
	ListCell   *lc;

	if (mig_rel_column(alter->rel, def->colname) != NULL &&
		!mig_alter_drops(alter->stmt, def->colname))
		return;
	foreach(lc, def->constraints)
	{
		Constraint *one = lfirst_node(Constraint, lc);
		MigTypeRef	type;

		if (one->contype == CONSTR_IDENTITY || one->contype == CONSTR_GENERATED)
			has_default = true;
		else if (one->contype == CONSTR_DEFAULT &&
				 mig_world_resolve_type(alter->lint->world, def->typeName, &type))
			has_default = !mig_predict_default(alter->lint->world, &type, one->raw_expr,
											   alter->lint->current->stmt->source).is_null;
	}
	foreach(lc, def->constraints)
	{
		Constraint *one = lfirst_node(Constraint, lc);

		switch (one->contype)
		{
			case CONSTR_CHECK:
				add_check(alter, def, one);
				break;
			case CONSTR_FOREIGN:
				mig_rules_foreign_key(alter, def, one, has_default);
				break;
			case CONSTR_UNIQUE:
			case CONSTR_PRIMARY:
				mig_rules_column_key(alter, def, one);
				break;
			default:
				break;
		}
	}
}

/* What a command of an ALTER TABLE does to constraints. */
void
mig_rules_alter_constraint(MigAlter *alter)
{
	Constraint *constraint;

	switch (alter->cmd->subtype)
	{
		case AT_AddColumn:
			add_column(alter);
			break;
		case AT_AddConstraint:
			constraint = castNode(Constraint, alter->cmd->def);
			switch (constraint->contype)
			{
				case CONSTR_CHECK:
					add_check(alter, NULL, constraint);
					break;
				case CONSTR_FOREIGN:
					mig_rules_foreign_key(alter, NULL, constraint, true);
					break;
				case CONSTR_UNIQUE:
				case CONSTR_PRIMARY:
				case CONSTR_EXCLUSION:
					mig_rules_key(alter, constraint);
					break;
				case CONSTR_NOTNULL:
					if (!constraint->skip_validation && constraint->keys != NIL)
						set_not_null(alter, strVal(linitial(constraint->keys)),
									 constraint->location);
					break;
				default:
					break;
			}
			break;
		case AT_SetNotNull:
			set_not_null(alter, alter->cmd->name, -1);
			break;
		case AT_ValidateConstraint:
			validate(alter);
			break;
		case AT_DropConstraint:
			drop_constraint(alter);
			break;
		case AT_AlterConstraint:
			alter_constraint(alter);
			break;
		default:
			break;
	}
}

/* ALTER DOMAIN that reads the tables that use the domain. */
void
mig_rules_alter_domain(MigLint *lint, AlterDomainStmt *stmt)
{
	List	   *rels = NIL;
	MigFinding *finding;
	ListCell   *lc;
	char	   *name = NameListToString(stmt->typeName);

	if (stmt->subtype != 'O' && stmt->subtype != 'C' && stmt->subtype != 'V')
		return;
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (mig_rules_works(effect))
			rels = lappend(rels, effect->rel);
	}
	if (rels == NIL)
		return;
	finding = mig_rules_report(lint, "alter-domain-scan", mig_rules_level(lint), -1, NULL);
	foreach(lc, rels)
		mig_rules_tell(lint, (MigRel *) lfirst(lc));
	if (finding == NULL)
		return;
	finding->relations = rels;
	finding->message = psprintf("ALTER DOMAIN %s %s reads every table with a column of it",
								name,
								stmt->subtype == 'V' ? "VALIDATE CONSTRAINT" :
								stmt->subtype == 'O' ? "SET NOT NULL" : "ADD CONSTRAINT");
	finding->why = mig_rules_why(lint);
	if (stmt->subtype == 'C')
	{
		finding->advice = "Add it NOT VALID: new values are checked, old ones are not. To validate it has writes wait as well.";
		finding->sql = mig_rules_statement(lint);
		if (finding->sql)
			finding->sql = psprintf("%.*s NOT VALID;", (int) strlen(finding->sql) - 1,
									finding->sql);
	}
	else
		finding->advice = "No form of this lets writes go on: choose a quiet time, or put the constraint on the tables, NOT VALID, and validate it there.";
}

void
mig_rules_create_domain(MigLint *lint, CreateDomainStmt *stmt)
{
	MigFinding *finding;
	ListCell   *lc;

	foreach(lc, stmt->constraints)
	{
		Constraint *one = lfirst_node(Constraint, lc);

		if (one->contype != CONSTR_CHECK && one->contype != CONSTR_NOTNULL)
			continue;
		finding = mig_rules_report(lint, "ban-create-domain-with-constraint",
								   MIG_LEVEL_LOW, one->location, NULL);
		if (finding)
		{
			finding->message = psprintf("domain %s with a %s constraint",
										NameListToString(stmt->domainname),
										one->contype == CONSTR_CHECK ? "CHECK" : "NOT NULL");
			finding->why = "To add a column of it to a table writes the table anew, and to change the constraint reads all tables that use it while writes wait.";
			finding->advice = "Use a plain type, and a CHECK constraint in the tables, which can be added NOT VALID.";
		}
		break;
	}
}
