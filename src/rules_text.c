/*-------------------------------------------------------------------------
 *
 * rules_text.c
 *	  What to write instead of a statement, from the statement's own text.
 *
 * A parse tree cannot be written back as its author wrote it; its tokens can.
 * No SPI, no locks; names are looked for in the world.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "commands/defrem.h"
#include "compat.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* A longer statement is not repeated in an advice. */
#define MAX_TEXT (64 * 1024)

/* The scanner's number for a string constant, as in gram.y */
#define TOKEN_SCONST 261

/*
 * mig_rules_tokens
 *		The current statement's tokens; NULL if there are too many of them.
 */
MigTokens *
mig_rules_tokens(MigLint *lint)
{
	MigRulesState *state = mig_rules_state(lint);
	const MigStatement *stmt = lint->current->stmt;
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
	MigTokens  *result;
	int			allocated = 32;
	int			depth = 0;
	int			token;

	if (state->tokens != NULL || stmt->len > MAX_TEXT)
		return state->tokens;

	result = palloc0(sizeof(MigTokens));
	result->text = mig_statement_text(stmt);
	result->offset = stmt->start;
	result->tokens = palloc(allocated * sizeof(MigToken));

	/* the text has been parsed: no error is to be expected */
	scanner = scanner_init(result->text, &extra, &ScanKeywords, ScanKeywordTokens);
	extra.escape_string_warning = false;
	extra.standard_conforming_strings = true;
	while ((token = core_yylex(&value, &location, scanner)) != 0)
	{
		MigToken   *one;
		char		first = result->text[location];

		if (result->n == allocated)
		{
			allocated *= 2;
			result->tokens = repalloc(result->tokens, allocated * sizeof(MigToken));
		}
		one = &result->tokens[result->n++];
		one->start = location;
		/* the lexer leaves a NUL after the token that it has just read */
		one->end = location + strlen(extra.scanbuf + location);
		one->string = token == TOKEN_SCONST;
		if (first == ')' || first == ']')
			depth--;
		one->depth = depth;
		if (first == '(' || first == '[')
			depth++;
	}
	scanner_finish(scanner);
	state->tokens = result;
	return result;
}

/* Is a token that word, a keyword or an operator, unquoted? */
bool
mig_token_is(const MigTokens *tokens, int i, const char *word)
{
	const MigToken *token = &tokens->tokens[i];

	return i >= 0 && i < tokens->n &&
		token->end - token->start == strlen(word) &&
		pg_strncasecmp(tokens->text + token->start, word, strlen(word)) == 0;
}

/* The first one from there on that is that word outside of parentheses; -1. */
int
mig_token_find(const MigTokens *tokens, int from, const char *word)
{
	int			i;

	for (i = from; i < tokens->n; i++)
	{
		if (tokens->tokens[i].depth == 0 && mig_token_is(tokens, i, word))
			return i;
	}
	return -1;
}

/* The token at a location of the parse tree, or the first after it. */
int
mig_token_at(const MigTokens *tokens, int location)
{
	int			low = 0;
	int			high = tokens->n;

	location -= tokens->offset;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (tokens->tokens[middle].start < location)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Past a name that may have a schema, a catalog, ONLY and a star. */
int
mig_token_after_name(const MigTokens *tokens, int i)
{
	bool		paren;

	if (mig_token_is(tokens, i, "only"))
		i++;
	paren = mig_token_is(tokens, i, "(");
	if (paren)
		i++;
	i++;
	while (mig_token_is(tokens, i, "."))
		i += 2;
	if (paren)
		i++;
	if (mig_token_is(tokens, i, "*"))
		i++;
	return i;
}

/* The text of tokens from one to before another; "" for none. */
char *
mig_tokens_text(const MigTokens *tokens, int from, int to)
{
	if (from >= to || to > tokens->n)
		return pstrdup("");
	return pnstrdup(tokens->text + tokens->tokens[from].start,
					tokens->tokens[to - 1].end - tokens->tokens[from].start);
}

/* The current statement with words put in after a token; NULL: it is too long. */
char *
mig_rules_insert(MigLint *lint, int after, const char *words)
{
	MigTokens  *tokens = mig_rules_tokens(lint);

	if (tokens == NULL || after < 0 || after >= tokens->n)
		return NULL;
	return psprintf("%s %s%s%s;", mig_tokens_text(tokens, 0, after + 1), words,
					after + 1 < tokens->n ? " " : "",
					mig_tokens_text(tokens, after + 1, tokens->n));
}

char *
mig_rules_statement(MigLint *lint)
{
	MigTokens  *tokens = mig_rules_tokens(lint);

	return tokens ? psprintf("%s;", mig_tokens_text(tokens, 0, tokens->n)) : NULL;
}

/* Find the commands of an ALTER TABLE in its text. */
static bool
cut_up(MigAlter *alter)
{
	MigTokens  *tokens;
	int			i;

	if (alter->ncommands >= 0)
		return alter->ncommands > 0;
	alter->ncommands = 0;
	tokens = mig_rules_tokens(alter->lint);
	if (tokens == NULL || !mig_token_is(tokens, 0, "alter"))
		return false;

	/* ALTER FOREIGN TABLE, ALTER MATERIALIZED VIEW */
	i = mig_token_is(tokens, 1, "foreign") || mig_token_is(tokens, 1, "materialized") ? 3 : 2;
	if (mig_token_is(tokens, i, "if"))
		i += 2;
	i = mig_token_after_name(tokens, i);

	alter->first = palloc((list_length(alter->stmt->cmds) + 1) * sizeof(int));
	alter->first[alter->ncommands++] = i;
	for (; i < tokens->n; i++)
	{
		if (tokens->tokens[i].depth == 0 && mig_token_is(tokens, i, ","))
		{
			if (alter->ncommands == list_length(alter->stmt->cmds))
				alter->ncommands = -2;
			else
				alter->first[alter->ncommands++] = i + 1;
			if (alter->ncommands < 0)
				break;
		}
	}
	if (alter->ncommands != list_length(alter->stmt->cmds))
	{
		alter->ncommands = 0;
		return false;
	}
	/* as if a comma followed */
	alter->first[alter->ncommands] = tokens->n + 1;
	return true;
}

/* Where the current command begins in the source, -1 if that is not known. */
int
mig_alter_location(MigAlter *alter)
{
	MigTokens  *tokens;

	if (list_length(alter->stmt->cmds) == 1 || !cut_up(alter))
		return -1;
	tokens = mig_rules_tokens(alter->lint);
	return tokens->offset + tokens->tokens[alter->first[alter->number]].start;
}

/* Is the current command all that what is written instead need keep? */
bool
mig_alter_is_single(MigAlter *alter)
{
	return alter->alone || list_length(alter->stmt->cmds) == 1;
}

/* The text of the current command, or NULL. */
char *
mig_alter_text(MigAlter *alter)
{
	if (!cut_up(alter))
		return NULL;
	return mig_tokens_text(mig_rules_tokens(alter->lint),
						   alter->first[alter->number],
						   alter->first[alter->number + 1] - 1);
}

/*
 * mig_alter_with
 *		The statement with the current command replaced, or left out if that
 *		is NULL; NULL if nothing would be left of it, or it is too long.  Where
 *		several commands must be written otherwise, it is the one alone.
 */
char *
mig_alter_with(MigAlter *alter, const char *instead)
{
	MigTokens  *tokens;
	StringInfoData buf;
	bool		any = false;
	int			i;

	if (!cut_up(alter))
		return NULL;
	tokens = mig_rules_tokens(alter->lint);
	if (alter->alone)
		return instead ? psprintf("%s %s;", mig_tokens_text(tokens, 0, alter->first[0]),
								  instead) : NULL;
	initStringInfo(&buf);
	appendStringInfoString(&buf, mig_tokens_text(tokens, 0, alter->first[0]));
	for (i = 0; i < alter->ncommands; i++)
	{
		const char *text = i == alter->number ? instead :
			mig_tokens_text(tokens, alter->first[i], alter->first[i + 1] - 1);

		if (text == NULL)
			continue;
		appendStringInfo(&buf, "%s%s", any ? ", " : " ", text);
		any = true;
	}
	appendStringInfoChar(&buf, ';');
	return any ? buf.data : NULL;
}

/* Where a constraint of a column ends: the token after it. */
static int
constraint_end(MigAlter *alter, MigTokens *tokens, ColumnDef *def, int start)
{
	int			end = alter->first[alter->number + 1] - 1;
	ListCell   *lc;

	foreach(lc, def->constraints)
	{
		Constraint *other = lfirst_node(Constraint, lc);
		int			i = mig_token_at(tokens, other->location);

		/* DEFERRABLE and such belong to the one before */
		if (other->contype == CONSTR_ATTR_DEFERRABLE ||
			other->contype == CONSTR_ATTR_NOT_DEFERRABLE ||
			other->contype == CONSTR_ATTR_DEFERRED ||
			other->contype == CONSTR_ATTR_IMMEDIATE ||
			mig_marks_enforcement(other))
			continue;
		if (i > start && i < end)
			end = i;
	}
	if (def->collClause)
	{
		int			i = mig_token_at(tokens, def->collClause->location);

		if (i > start && i < end)
			end = i;
	}
	return end;
}

/* The text of a constraint in the column that is added, or NULL. */
char *
mig_alter_constraint_text(MigAlter *alter, ColumnDef *def, Constraint *constraint)
{
	MigTokens  *tokens;
	int			start;

	if (!cut_up(alter))
		return NULL;
	tokens = mig_rules_tokens(alter->lint);
	start = mig_token_at(tokens, constraint->location);
	return mig_tokens_text(tokens, start,
						   constraint_end(alter, tokens, def, start));
}

/* The command that adds a column, without some of its constraints; or NULL. */
char *
mig_alter_column_without(MigAlter *alter, ColumnDef *def, List *without)
{
	MigTokens  *tokens;
	StringInfoData buf;
	int			next;
	int			end;

	if (!cut_up(alter))
		return NULL;
	tokens = mig_rules_tokens(alter->lint);
	initStringInfo(&buf);
	next = alter->first[alter->number];
	end = alter->first[alter->number + 1] - 1;
	while (next < end)
	{
		int			from = end;
		int			to = end;
		ListCell   *lc;

		foreach(lc, without)
		{
			int			start = mig_token_at(tokens, lfirst_node(Constraint, lc)->location);

			if (start >= next && start < from)
			{
				from = start;
				to = constraint_end(alter, tokens, def, start);
			}
		}
		if (from > next)
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? " " : "",
							 mig_tokens_text(tokens, next, from));
		next = to;
	}
	return buf.data;
}

/*
 * mig_rules_constraint_name
 *		A free name for a constraint of a table, as the server would choose it.
 */
char *
mig_rules_constraint_name(MigRel *rel, const char *column, const char *label)
{
	char	   *name = makeObjectName(rel->name, column, label);
	char		with[NAMEDATALEN];
	int			number;

	if (mig_rel_constraint(rel, name) == NULL)
		return name;
	number = *mig_world_last_number(rel->world, rel->schema, name);
	if (number <= MIG_FEW_NAMES)
		number = 0;
	do
	{
		CHECK_FOR_INTERRUPTS();
		snprintf(with, sizeof(with), "%s%d", label, ++number);
		name = makeObjectName(rel->name, column, with);
	} while (mig_rel_constraint(rel, name) != NULL);
	return name;
}

/* ... for an index or another relation in the schema of one. */
char *
mig_rules_relation_name(MigRel *rel, const char *column, const char *label)
{
	char		with[NAMEDATALEN];
	int			i = 0;

	strlcpy(with, label, sizeof(with));
	for (;;)
	{
		char	   *name = makeObjectName(rel->name, column, with);
		RangeVar   *var = makeRangeVar(rel->schema, name, -1);

		if (mig_world_find(rel->world, var) == NULL &&
			mig_world_find_index(rel->world, var) == NULL)
			return name;
		snprintf(with, sizeof(with), "%s%d", label, ++i);
	}
}

/* A name, quoted, with a schema if that relation's label has one. */
char *
mig_rules_qualified(const char *schema, const MigRel *like, const char *name)
{
	const char *label = mig_rel_label(like);

	if (strcmp(label, quote_identifier(like->name)) == 0)
		return pstrdup(quote_identifier(name));
	return psprintf("%s.%s", quote_identifier(schema ? schema : like->schema),
					quote_identifier(name));
}

/* Without line ends at its end. */
char *
mig_rules_trim(char *text)
{
	int			len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	return text;
}

/* A list of String nodes as quoted names. */
char *
mig_rules_columns(List *names)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, names)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 quote_identifier(strVal(lfirst(lc))));
	return buf.data;
}

/*
 * mig_rules_not_null_steps
 *		How columns (names) become NOT NULL without readers and writers
 *		waiting for a scan; what comes then is put where the last lock is.
 */
char *
mig_rules_not_null_steps(MigAlter *alter, List *columns, const char *then)
{
	StringInfoData add;
	StringInfoData validate;
	StringInfoData set;
	StringInfoData drop;
	bool		constraint = mig_server_version() >= 180000;
	ListCell   *lc;

	initStringInfo(&add);
	initStringInfo(&validate);
	initStringInfo(&set);
	initStringInfo(&drop);
	foreach(lc, columns)
	{
		char	   *column = strVal(lfirst(lc));
		const char *name = quote_identifier(mig_rules_constraint_name(alter->rel, column, "not_null"));

		if (constraint)
			appendStringInfo(&add, "%s ADD CONSTRAINT %s NOT NULL %s NOT VALID;\n",
							 alter->target, name, quote_identifier(column));
		else
		{
			appendStringInfo(&add, "%s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;\n",
							 alter->target, name, quote_identifier(column));
			appendStringInfo(&set, "%s ALTER COLUMN %s SET NOT NULL;\n",
							 alter->target, quote_identifier(column));
			appendStringInfo(&drop, "%s DROP CONSTRAINT %s;\n",
							 alter->target, name);
		}
		appendStringInfo(&validate, "%s VALIDATE CONSTRAINT %s;\n",
						 alter->target, name);
	}
	if (constraint)
		return mig_rules_trim(psprintf("BEGIN;\n%sCOMMIT;\n%s%s", add.data,
									   validate.data, then ? then : ""));
	return psprintf("BEGIN;\n%sCOMMIT;\n%sBEGIN;\n%s%s%sCOMMIT;", add.data,
					validate.data, set.data, drop.data,
					then ? then : "");
}
