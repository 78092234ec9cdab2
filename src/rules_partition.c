/*-------------------------------------------------------------------------
 *
 * rules_partition.c
 *	  Rules on partitions and what hangs together otherwise: views, triggers,
 *	  and relations that are locked without being named.
 *
 * Reads catalogs through the world; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_class.h"
#include "compat.h"
#include "utils/builtins.h"

/* Is a value of a bound a constant, as most are? */
static bool
is_constant(Node *node)
{
	if (IsA(node, TypeCast))
		return is_constant(((TypeCast *) node)->arg);
	if (IsA(node, A_Expr))
		return ((A_Expr *) node)->kind == AEXPR_OP &&
			((A_Expr *) node)->lexpr == NULL && is_constant(((A_Expr *) node)->rexpr);
	return IsA(node, A_Const) && !((A_Const *) node)->isnull;
}

/* MINVALUE or MAXVALUE, which the grammar leaves as names */
static bool
is_infinite(Node *node)
{
	ColumnRef  *ref = (ColumnRef *) node;

	return IsA(node, ColumnRef) && list_length(ref->fields) == 1 &&
		IsA(linitial(ref->fields), String) &&
		(strcmp(strVal(linitial(ref->fields)), "minvalue") == 0 ||
		 strcmp(strVal(linitial(ref->fields)), "maxvalue") == 0);
}

/* The text between the parenthesis after a token and its end. */
static char *
in_parentheses(MigTokens *tokens, int after)
{
	int			i = after + 2;

	if (after < 0 || !mig_token_is(tokens, after + 1, "("))
		return NULL;
	while (i < tokens->n && tokens->tokens[i].depth > tokens->tokens[after + 1].depth)
		i++;
	return mig_tokens_text(tokens, after + 2, i);
}

/*
 * The condition that rows fit into a bound, as one would write it; NULL if it
 * is not as simple as one column and constants.
 */
static char *
bound_condition(MigLint *lint, MigRel *parent, const PartitionBoundSpec *bound)
{
	MigTokens  *tokens = mig_rules_tokens(lint);
	MigColumn  *column;
	const char *name;
	int			start;
	ListCell   *lc;

	if (tokens == NULL || bound == NULL || bound->is_default ||
		list_length(parent->partition_key) != 1 ||
		(column = mig_rel_column_at(parent, linitial_int(parent->partition_key))) == NULL)
		return NULL;
	name = quote_identifier(column->name);
	start = mig_token_at(tokens, bound->location);
	if (bound->strategy == 'l')
	{
		char	   *values = in_parentheses(tokens, mig_token_find(tokens, start, "in"));

		foreach(lc, bound->listdatums)
		{
			if (!is_constant((Node *) lfirst(lc)))
				return NULL;
		}
		return values ? psprintf("%s IS NOT NULL AND %s IN (%s)", name, name, values) : NULL;
	}
	if (bound->strategy == 'r' && list_length(bound->lowerdatums) == 1 &&
		list_length(bound->upperdatums) == 1)
	{
		Node	   *lower = (Node *) linitial(bound->lowerdatums);
		Node	   *upper = (Node *) linitial(bound->upperdatums);
		char	   *from = in_parentheses(tokens, mig_token_find(tokens, start, "from"));
		char	   *to = in_parentheses(tokens, mig_token_find(tokens, start, "to"));
		StringInfoData buf;

		if (from == NULL || to == NULL || !(is_constant(lower) || is_infinite(lower)) ||
			!(is_constant(upper) || is_infinite(upper)))
			return NULL;
		initStringInfo(&buf);
		appendStringInfo(&buf, "%s IS NOT NULL", name);
		if (!is_infinite(lower))
			appendStringInfo(&buf, " AND %s >= %s", name, from);
		if (!is_infinite(upper))
			appendStringInfo(&buf, " AND %s < %s", name, to);
		return buf.data;
	}
	return NULL;
}

/* A CHECK that proves it, around a statement that then need not look. */
static char *
proven_steps(MigRel *rel, const char *condition, const char *statement)
{
	const char *label = mig_rel_label(rel);
	const char *name = quote_identifier(mig_rules_constraint_name(rel, NULL, "bound"));

	return psprintf("BEGIN;\nALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;\nCOMMIT;\n"
					"ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
					"BEGIN;\n%s\nALTER TABLE %s DROP CONSTRAINT %s;\nCOMMIT;",
					label, name, condition, label, name, statement, label, name);
}

static bool
is_scanned(MigLint *lint, MigRel *rel)
{
	ListCell   *lc;

	/* or its partitions are */
	foreach(lc, mig_rel_tree(rel))
	{
		MigEffect  *effect = mig_rules_effect(lint, (MigRel *) lfirst(lc));

		if (effect && effect->scans && mig_rules_works(effect))
			return true;
	}
	return false;
}

/*
 * A new partition, whichever way: what is in the default one must be looked
 * at.  Returns the statement with that proven before, or as it is.
 */
static char *
check_default(MigLint *lint, MigRel *parent, const PartitionBoundSpec *bound,
			  char *statement)
{
	MigRel	   *rel = mig_rel_default_partition(parent);
	MigFinding *finding;
	char	   *condition;
	char	   *sql = NULL;

	if (rel == NULL || !is_scanned(lint, rel))
		return statement;
	mig_rules_tell(lint, rel);
	condition = bound_condition(lint, parent, bound);
	if (condition && statement)
		sql = proven_steps(rel, psprintf("NOT (%s)", condition), statement);
	finding = mig_rules_report(lint, "default-partition-scan", mig_rules_level_of(lint, rel),
							   -1, rel);
	if (finding == NULL)
		return sql;
	finding->message = psprintf("the new partition of %s has the default partition %s read",
								mig_rel_label(parent), mig_rel_label(rel));
	finding->why = mig_rules_why_of(lint, rel);
	finding->advice = "Prove before, by a CHECK that is added NOT VALID and validated, that no row of it belongs into the new one.";
	finding->sql = sql;
	return sql;
}

static void
attach(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	PartitionCmd *cmd = castNode(PartitionCmd, alter->cmd->def);
	MigRel	   *rel = mig_world_find(lint->world, cmd->name);
	MigFinding *finding;
	char	   *statement = mig_rules_statement(lint);
	char	   *condition;

	if (rel == NULL || alter->rel->kind != RELKIND_PARTITIONED_TABLE)
		return;
	statement = check_default(lint, alter->rel, cmd->bound, statement);
	if (!rel->old || !is_scanned(lint, rel))
		return;
	finding = mig_rules_report(lint, "attach-partition-scan", mig_rules_level_of(lint, rel),
							   cmd->name->location, rel);
	if (finding == NULL)
		return;
	finding->relations = lappend(finding->relations, alter->rel);
	finding->message = psprintf("ATTACH PARTITION has %s read", mig_rel_label(rel));
	finding->why = mig_rules_why_of(lint, rel);
	finding->advice = "Prove before, by a CHECK that is added NOT VALID and validated, that its rows fit.";
	condition = bound_condition(lint, alter->rel, cmd->bound);
	if (condition && statement)
		finding->sql = proven_steps(rel, condition, statement);
}

static void
detach(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	PartitionCmd *cmd = castNode(PartitionCmd, alter->cmd->def);
	MigRel	   *rel = mig_world_find(lint->world, cmd->name);
	MigFinding *finding;

	if (cmd->concurrent || !alter->old || rel == NULL || !rel->old ||
		alter->rel->kind != RELKIND_PARTITIONED_TABLE)
		return;
	finding = mig_rules_report(lint, "require-concurrent-partition-detach",
							   mig_rules_level_of(lint, alter->rel), -1, alter->rel);
	if (finding == NULL)
		return;
	finding->relations = lappend(finding->relations, rel);
	finding->message = psprintf("DETACH PARTITION %s of %s without CONCURRENTLY",
								mig_rel_label(rel), mig_rel_label(alter->rel));
	finding->why = mig_rules_why_of(lint, alter->rel);
	if (mig_rel_default_partition(alter->rel) != NULL)
		finding->advice = "CONCURRENTLY is not possible while there is a default partition: have lock_timeout limit how long others wait behind it.";
	else
	{
		char	   *text = mig_rules_statement(lint);

		finding->advice = "Detach it concurrently, in a migration of its own, since that refuses a transaction.";
		if (text)
			finding->sql = psprintf("%.*s CONCURRENTLY;", (int) strlen(text) - 1, text);
	}
}

/* An ALTER TABLE that goes down to many tables. */
static void
recursion(MigAlter *alter)
{
	MigLint    *lint = alter->lint;
	List	   *rels = NIL;
	MigFinding *finding;
	ListCell   *lc;

	if (alter->number > 0 || !alter->old ||
		(alter->rel->kind != RELKIND_PARTITIONED_TABLE && !alter->rel->has_subclass))
		return;
	foreach(lc, mig_rel_tree(alter->rel))
	{
		MigRel	   *rel = (MigRel *) lfirst(lc);
		MigEffect  *effect = rel == alter->rel ? NULL : mig_rules_effect(lint, rel);

		if (effect && mig_rules_blocks(effect))
		{
			rels = lappend(rels, rel);
			mig_rules_tell(lint, rel);
		}
	}
	if (list_length(rels) < 2)
		return;
	finding = mig_rules_report(lint, "locks-all-partitions", MIG_LEVEL_LOW, -1, alter->rel);
	if (finding)
	{
		finding->relations = list_concat(finding->relations, rels);
		finding->message = psprintf("%d tables below %s are locked too",
									list_length(rels), mig_rel_label(alter->rel));
		finding->why = mig_rules_why(lint);
		finding->advice = "All are locked until the transaction's end, and each needs room in the lock table (max_locks_per_transaction): have lock_timeout limit how long others wait.";
	}
}

/* What a command of an ALTER TABLE does to partitions. */
void
mig_rules_alter_partition(MigAlter *alter)
{
	switch (alter->cmd->subtype)
	{
		case AT_AttachPartition:
			attach(alter);
			break;
		case AT_DetachPartition:
			detach(alter);
			break;
		default:
			recursion(alter);
			break;
	}
}

/* The same partition made by itself and then attached. */
static char *
attached_steps(MigLint *lint, CreateStmt *stmt, MigRel *parent)
{
	MigTokens  *tokens = mig_rules_tokens(lint);
	int			table;
	int			partition;
	int			of;
	int			bound;
	int			i;
	const char *name;

	if (tokens == NULL || stmt->tableElts != NIL || stmt->oncommit != ONCOMMIT_NOOP ||
		stmt->relation->relpersistence == RELPERSISTENCE_TEMP)
		return NULL;
	table = mig_token_find(tokens, 0, "table");
	partition = mig_token_find(tokens, table + 1, "partition");
	of = partition + 1;
	if (table < 0 || partition < 0 || !mig_token_is(tokens, of, "of"))
		return NULL;
	bound = mig_token_after_name(tokens, of + 1);

	/* past the bound: DEFAULT, IN (), FROM () TO (), WITH () */
	i = bound;
	if (mig_token_is(tokens, i, "default"))
		i++;
	else
	{
		/* at the parenthesis: past its end */
		for (i += 4; i < tokens->n && tokens->tokens[i].depth > 0; i++)
			;
		i++;
		if (mig_token_is(tokens, i, "to"))
		{
			for (i += 2; i < tokens->n && tokens->tokens[i].depth > 0; i++)
				;
			i++;
		}
	}
	if (i > tokens->n)
		return NULL;
	name = mig_tokens_text(tokens, table + 1, partition);
	if (mig_token_is(tokens, table + 1, "if"))
		name = mig_tokens_text(tokens, table + 4, partition);
	return psprintf("%s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)%s%s;\nALTER TABLE %s ATTACH PARTITION %s %s;",
					mig_tokens_text(tokens, 0, partition), mig_rel_label(parent),
					i < tokens->n ? " " : "", mig_tokens_text(tokens, i, tokens->n),
					mig_rel_label(parent), name, mig_tokens_text(tokens, bound, i));
}

void
mig_rules_create_partition(MigLint *lint, CreateStmt *stmt)
{
	MigRel	   *parent;
	MigFinding *finding;
	char	   *sql;

	if (stmt->partbound == NULL || list_length(stmt->inhRelations) != 1)
		return;
	parent = mig_world_find(lint->world, linitial_node(RangeVar, stmt->inhRelations));
	if (parent == NULL || !parent->old || parent->kind != RELKIND_PARTITIONED_TABLE ||
		parent->persistence == RELPERSISTENCE_TEMP)
		return;
	sql = attached_steps(lint, stmt, parent);
	sql = check_default(lint, parent, stmt->partbound, sql);
	finding = mig_rules_report(lint, "create-partition-locks-parent",
							   mig_rules_level_of(lint, parent), -1, parent);
	if (finding)
	{
		finding->message = psprintf("the new partition %s has %s locked against all use",
									quote_identifier(stmt->relation->relname),
									mig_rel_label(parent));
		finding->why = mig_rules_why_of(lint, parent);
		finding->advice = "Make the table by itself, and attach it: that lets reads and writes of the parent go on.";
		finding->sql = sql;
	}
}

/* DROP TABLE of a partition whose parent stays */
void
mig_rules_drop_partition(MigLint *lint, DropStmt *stmt, MigRel *rel, MigRel *parent)
{
	MigFinding *finding;

	if (!parent->old || parent->kind != RELKIND_PARTITIONED_TABLE)
		return;
	mig_rules_tell(lint, parent);
	finding = mig_rules_report(lint, "drop-partition-locks-parent",
							   mig_rules_level_of(lint, parent), -1, parent);
	if (finding == NULL)
		return;
	finding->relations = lappend(finding->relations, rel);
	finding->message = psprintf("dropping %s has its parent %s locked against all use",
								mig_rel_label(rel), mig_rel_label(parent));
	finding->why = mig_rules_why_of(lint, parent);
	if (mig_rel_default_partition(parent) != NULL)
		finding->advice = "DETACH PARTITION CONCURRENTLY is not possible while there is a default partition: have lock_timeout limit how long others wait behind it.";
	else
	{
		finding->advice = "Detach it concurrently, in a migration of its own, since that refuses a transaction, and drop it then.";
		finding->sql = psprintf("ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;",
								mig_rel_label(parent), mig_rel_label(rel));
	}
}

void
mig_rules_refresh(MigLint *lint, RefreshMatViewStmt *stmt)
{
	MigRel	   *rel = mig_world_find(lint->world, stmt->relation);
	MigFinding *finding;
	bool		unique = false;
	ListCell   *lc;

	if (rel == NULL || rel->kind != RELKIND_MATVIEW || !rel->old || stmt->concurrent ||
		!rel->populated)
		return;
	foreach(lc, mig_rel_indexes(rel))
	{
		MigRel	   *index = (MigRel *) lfirst(lc);

		unique |= index->unique && index->valid && !index->partial &&
			!list_member_int(index->key, 0);
	}
	finding = mig_rules_report(lint, "refresh-matview",
							   stmt->skipData ? MIG_LEVEL_HIGH : mig_rules_level_of(lint, rel),
							   -1, rel);
	if (finding == NULL)
		return;
	finding->message = psprintf("REFRESH MATERIALIZED VIEW %s %s", mig_rel_label(rel),
								stmt->skipData ? "WITH NO DATA" : "without CONCURRENTLY");
	finding->why = mig_rules_why(lint);
	if (stmt->skipData)
	{
		finding->why = psprintf("%s Queries of it fail until it is refreshed with data.",
								finding->why);
		finding->advice = "Refresh it with data.";
	}
	else if (unique)
	{
		MigTokens  *tokens = mig_rules_tokens(lint);

		finding->advice = "Refresh it concurrently.";
		if (tokens)
			finding->sql = mig_rules_insert(lint, mig_token_find(tokens, 0, "view"),
											"CONCURRENTLY");
	}
	else
		finding->advice = "Make a unique index on it, on columns and without WHERE; then it can be refreshed CONCURRENTLY.";
}

/* What a short lock is taken for, or NULL. */
static const char *
brief_reason(Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_ViewStmt:
			return ((ViewStmt *) stmt)->replace ? "CREATE OR REPLACE VIEW" : NULL;
		case T_CreateTrigStmt:
			return "CREATE TRIGGER";
		case T_CreatePolicyStmt:
			return "CREATE POLICY";
		case T_AlterPolicyStmt:
			return "ALTER POLICY";
		case T_RuleStmt:
			return "CREATE RULE";
		case T_DropStmt:
			switch (((DropStmt *) stmt)->removeType)
			{
				case OBJECT_TRIGGER:
					return "DROP TRIGGER";
				case OBJECT_POLICY:
					return "DROP POLICY";
				case OBJECT_RULE:
					return "DROP RULE";
				default:
					return NULL;
			}
		case T_RenameStmt:
			switch (((RenameStmt *) stmt)->renameType)
			{
				case OBJECT_TRIGGER:
					return "ALTER TRIGGER";
				case OBJECT_POLICY:
					return "ALTER POLICY";
				case OBJECT_RULE:
					return "ALTER RULE";
				default:
					return NULL;
			}
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				switch (lfirst_node(AlterTableCmd, lc)->subtype)
				{
					case AT_ChangeOwner:
						return "OWNER TO";
					case AT_EnableRowSecurity:
					case AT_DisableRowSecurity:
					case AT_ForceRowSecurity:
					case AT_NoForceRowSecurity:
						return "ROW LEVEL SECURITY";
					case AT_EnableTrig:
					case AT_EnableTrigAll:
					case AT_EnableTrigUser:
					case AT_DisableTrig:
					case AT_DisableTrigAll:
					case AT_DisableTrigUser:
						return "ENABLE or DISABLE TRIGGER";
					case AT_EnableRule:
					case AT_DisableRule:
						return "ENABLE or DISABLE RULE";
					default:
						break;
				}
			}
			return NULL;
		default:
			return NULL;
	}
}

/*
 * mig_rules_brief
 *		Locks that block, but not for long: views, owners, policies, rules and
 *		triggers.
 */
void
mig_rules_brief(MigLint *lint, Node *stmt)
{
	const char *what = brief_reason(stmt);
	MigFinding *finding;
	List	   *rels = NIL;
	ListCell   *lc;

	if (what == NULL)
		return;
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (mig_rules_blocks(effect) && effect->rel->kind != RELKIND_INDEX &&
			effect->rel->kind != RELKIND_SEQUENCE &&
			effect->rel->kind != RELKIND_TOASTVALUE)
		{
			rels = lappend(rels, effect->rel);
			mig_rules_tell(lint, effect->rel);
		}
	}
	if (rels == NIL)
		return;
	finding = mig_rules_report(lint, "brief-lock", MIG_LEVEL_LOW, -1, NULL);
	if (finding)
	{
		finding->relations = rels;
		finding->message = psprintf("%s locks %s", what, mig_rules_list(rels));
		finding->why = mig_rules_why(lint);
		finding->advice = "It is done at once when the lock is had; have lock_timeout limit how long others wait behind it.";
	}
}

/*
 * mig_rules_hidden
 *		Old tables and views that are locked against writes at least, without
 *		being named and without another finding that speaks of them.
 */
void
mig_rules_hidden(MigLint *lint)
{
	MigRulesState *state = mig_rules_state(lint);
	List	   *rels = NIL;
	MigLevel	level = MIG_LEVEL_NONE;
	MigFinding *finding;
	ListCell   *lc;

	if (state->fails)
		return;
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);
		char		kind = effect->rel->kind;

		if (effect->named || !mig_rules_blocks(effect) ||
			mig_effect_strongest(effect) < ShareLock ||
			(kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE &&
			 kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
			 kind != RELKIND_FOREIGN_TABLE) ||
			list_member_ptr(state->told, effect->rel))
			continue;
		rels = lappend(rels, effect->rel);
		level = Max(level, mig_level_of_effect(effect, lint->current->lock_timeout));
	}
	if (rels == NIL)
		return;
	finding = mig_rules_report(lint, "hidden-table-lock", level, -1, NULL);
	if (finding)
	{
		finding->relations = rels;
		finding->message = psprintf("not named, but locked: %s", mig_rules_list(rels));
		finding->why = mig_rules_why(lint);
		finding->advice = "Look who uses it at that time; have lock_timeout limit how long others wait behind the lock.";
	}
}
