/*-------------------------------------------------------------------------
 *
 * script.c
 *	  A script's text: its statements, their classes, its checksum.
 *
 * The server's own lexer and parser decide where a statement ends and what
 * it is.  psql's two additions that no server grammar knows are handled
 * before: the data lines after COPY ... FROM stdin, and backslash commands.
 *
 * Pure: no SPI, no catalogs, no locks, any transaction state.  Memory is the
 * caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include <ctype.h>

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

/*
 * The core lexer's token codes that plpgsql relies on as well: they come
 * before the keywords in the grammar, so that keywords do not move them.
 */
#define TOKEN_IDENT		258
#define TOKEN_SCONST	261
#define TOKEN_PARAM		267

/* A stretch of SQL that the parser takes whole, and the data after it. */
typedef struct Chunk
{
	char	   *source;			/* NUL-terminated */
	int			start;			/* its offset in the script */
	const char *data;			/* NULL: it does not end in COPY FROM stdin */
	int			data_len;
} Chunk;

typedef struct LexerSettings
{
	int			backslash_quote;
	bool		escape_string_warning;
	bool		standard_conforming_strings;
} LexerSettings;

typedef struct Lexer
{
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
} Lexer;

/*
 * How a string is quoted must not depend on the session, or one text would
 * have two meanings.
 */
static LexerSettings
pin_lexer(void)
{
	LexerSettings saved;

	saved.backslash_quote = backslash_quote;
	saved.escape_string_warning = escape_string_warning;
	saved.standard_conforming_strings = standard_conforming_strings;
	backslash_quote = BACKSLASH_QUOTE_SAFE_ENCODING;
	escape_string_warning = false;
	standard_conforming_strings = true;
	return saved;
}

static void
unpin_lexer(const LexerSettings *saved)
{
	backslash_quote = saved->backslash_quote;
	escape_string_warning = saved->escape_string_warning;
	standard_conforming_strings = saved->standard_conforming_strings;
}

static void
lexer_begin(Lexer *lexer, const char *text)
{
	lexer->scanner = scanner_init(text, &lexer->extra,
								  &ScanKeywords, ScanKeywordTokens);
	lexer->extra.escape_string_warning = false;
}

static int
lexer_next(Lexer *lexer)
{
	return core_yylex(&lexer->value, &lexer->location, lexer->scanner);
}

/* The lexer leaves a NUL after the token that it has just read. */
static const char *
lexer_token(const Lexer *lexer)
{
	return lexer->extra.scanbuf + lexer->location;
}

/* What it has not read yet is blank; the character at hand is not to be. */
static void
lexer_blank(Lexer *lexer, int start, int end)
{
	char	   *p;

	for (p = lexer->extra.scanbuf + start; p < lexer->extra.scanbuf + end; p++)
	{
		if (*p != '\n' && *p != '\r')
			*p = ' ';
	}
}

static void
lexer_end(Lexer *lexer)
{
	scanner_finish(lexer->scanner);
}

/*
 * mig_position_to_offset
 *		Byte offset of an error position (characters, from 1).
 */
int
mig_position_to_offset(const char *source, int position)
{
	const char *p = source;

	while (position-- > 1 && *p)
		p += pg_mblen(p);
	return p - source;
}

static int
count_lines(const char *from, const char *to)
{
	int			n = 0;

	while (from < to && (from = memchr(from, '\n', to - from)) != NULL)
	{
		from++;
		n++;
	}
	return n;
}

/*
 * mig_script_line
 *		The line, in the file as its author wrote it, of an error position in
 *		a part of the script.
 */
int
mig_script_line(const MigScript *script, const char *source, int source_start,
				int position)
{
	int			offset = source_start + mig_position_to_offset(source, position);

	return script->line + count_lines(script->text, script->text + offset);
}

/*
 * mig_script_line_text
 *		That line of the script, counted as in its file.  palloc'd.
 */
char *
mig_script_line_text(const MigScript *script, int line)
{
	const char *p = script->text;
	int			n;

	for (n = script->line; n < line && (p = strchr(p, '\n')) != NULL; n++)
		p++;
	return p ? pnstrdup(p, strcspn(p, "\r\n")) : pstrdup("");
}

/* Past white space and comments, to where a statement's first token is. */
static int
skip_space(const char *source, int offset)
{
	const char *p = source + offset;

	for (;;)
	{
		if (isspace((unsigned char) *p))
			p++;
		else if (p[0] == '-' && p[1] == '-')
		{
			while (*p && *p != '\n' && *p != '\r')
				p++;
		}
		else if (p[0] == '/' && p[1] == '*')
		{
			int			depth = 0;

			do
			{
				if (p[0] == '/' && p[1] == '*')
				{
					depth++;
					p += 2;
				}
				else if (p[0] == '*' && p[1] == '/')
				{
					depth--;
					p += 2;
				}
				else
					p++;
			} while (depth > 0 && *p);
		}
		else
			return p - source;
	}
}

static void
parse_error_callback(void *arg)
{
	MigErrorPlace *place = (MigErrorPlace *) arg;
	int			position = geterrposition();

	int			line;

	if (position <= 0)
		return;
	line = mig_script_line(place->script, place->source, place->source_start,
						   position);

	/* the position is one in the script, which no client has */
	errposition(0);
	if (place->error_line)
		*place->error_line = line;
	else
		errcontext("line %d%s%s", line,
				   place->script->path ? " of " : "",
				   place->script->path ? place->script->path : "");
}

/*
 * The end of the line that offset is in: after its line feed, or the end of
 * the text.
 */
static int
line_end(const char *text, int offset)
{
	const char *nl = strchr(text + offset, '\n');

	return nl ? nl + 1 - text : offset + strlen(text + offset);
}

/* Where the next line that is just \. begins, or -1. */
static int
find_copy_end(const char *text, int offset)
{
	const char *p = text + offset;

	while ((p = strstr(p, "\\.")) != NULL)
	{
		if ((p == text || p[-1] == '\n') &&
			(p[2] == '\0' || p[2] == '\n' || (p[2] == '\r' && (p[3] == '\n' || p[3] == '\0'))))
			return p - text;
		p += 2;
	}
	return -1;
}

/* To the grammar both are the client, whichever way COPY goes. */
static bool
names_client(const char *token)
{
	return pg_strcasecmp(token, "stdin") == 0 || pg_strcasecmp(token, "stdout") == 0;
}

static bool
may_name_client(const char *text)
{
	for (; *text; text++)
	{
		if ((*text == 's' || *text == 'S') &&
			(pg_strncasecmp(text, "stdin", 5) == 0 ||
			 pg_strncasecmp(text, "stdout", 6) == 0))
			return true;
	}
	return false;
}

static bool
is_blank(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char) *p))
		p++;
	return p >= end;
}

/*
 * Refuse a backslash command, or blank out one that psql scripts made by
 * pg_dump carry and that has no meaning here.
 */
static void
meta_command(char *source, int offset)
{
	char	   *p = source + offset + 1;
	char	   *end = source + line_end(source, offset);
	int			start = offset;
	int			len = 0;

	while (isalnum((unsigned char) p[len]) || p[len] == '_')
		len++;
	while (start > 0 && source[start - 1] != '\n')
		start--;
	if (is_blank(source + start, source + offset) &&
		((len == 8 && strncmp(p, "restrict", 8) == 0) ||
		 (len == 10 && strncmp(p, "unrestrict", 10) == 0)))
	{
		for (p = source + start; p < end; p++)
		{
			if (*p != '\n' && *p != '\r')
				*p = ' ';
		}
		return;
	}
	if (len == 0 && *p)
		len = pg_mblen(p);

	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_SCRIPT),
			 errmsg("psql meta-command \"\\%.*s\" cannot run inside the server",
					len, p),
			 errhint("Write what it does in SQL, or take it out of the script."),
			 errposition(pg_mbstrlen_with_len(source, offset) + 1)));
}

/*
 * Read tokens of source until COPY ... FROM stdin ends in a semicolon.
 * Returns the offset after the semicolon, or -1 if there is none.
 */
static int
find_copy_from_stdin(char *source)
{
	Lexer		lexer;
	int			token;
	int			previous_from = 0;
	int			nth = 0;
	int			depth = 0;
	int			skip_to = 0;
	bool		is_copy = false;
	bool		from_stdin = false;
	int			result = -1;

	lexer_begin(&lexer, source);
	while ((token = lexer_next(&lexer)) != 0)
	{
		const char *text = lexer_token(&lexer);

		if (lexer.location < skip_to)
			continue;
		if (token == '\\')
		{
			int			at = lexer.location;

			/* source is the lexer's input; what follows is no SQL in its copy */
			meta_command(source, at);
			skip_to = line_end(source, at);
			lexer_blank(&lexer, at + 2, skip_to);
			continue;
		}
		if (token == ';' && depth == 0)
		{
			if (is_copy && from_stdin)
			{
				result = lexer.location + 1;
				break;
			}
			nth = 0;
			is_copy = from_stdin = false;
			continue;
		}
		if (token == '(')
			depth++;
		else if (token == ')' && depth > 0)
			depth--;
		nth++;
		if (token > TOKEN_PARAM && depth == 0)
		{
			if (nth == 1 && pg_strcasecmp(text, "copy") == 0)
				is_copy = true;
			else if (pg_strcasecmp(text, "from") == 0)
				previous_from = nth;
			else if (is_copy && previous_from == nth - 1 && names_client(text))
				from_stdin = true;
		}
	}
	lexer_end(&lexer);
	return result;
}

/*
 * The same where a lexical error may only mean that source ends inside a
 * quoted text: -2 then.  The lexer holds nothing but memory, so there is
 * nothing else to clean up.
 */
static int
try_copy_from_stdin(char *source)
{
	MemoryContext context = CurrentMemoryContext;
	volatile int result = -2;

	PG_TRY();
	{
		result = find_copy_from_stdin(source);
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_SYNTAX_ERROR)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	return result;
}

/*
 * Cut a script where the parser cannot follow: after each COPY FROM stdin.
 * Linear, because the lexer, which copies its input, is given only what lies
 * before the next line that can end COPY data.
 */
static List *
split_chunks(const MigScript *script, MigErrorPlace *place)
{
	const char *text = script->text;
	int			len = strlen(text);
	int			start = 0;
	List	   *chunks = NIL;

	if (strchr(text, '\\') == NULL && !may_name_client(text))
	{
		Chunk	   *chunk = palloc0(sizeof(Chunk));

		chunk->source = (char *) text;
		return list_make1(chunk);
	}

	while (start < len || chunks == NIL)
	{
		Chunk	   *chunk = palloc0(sizeof(Chunk));
		int			limit = find_copy_end(text, start);
		int			end;

		if (limit < 0)
			limit = len;
		chunk->start = start;
		chunk->source = pnstrdup(text + start, limit - start);
		place->source = chunk->source;
		place->source_start = start;

		if (limit < len)
		{
			end = try_copy_from_stdin(chunk->source);
			if (end == -2)
			{
				limit = len;
				chunk->source = pstrdup(text + start);
				place->source = chunk->source;
				end = find_copy_from_stdin(chunk->source);
			}
			else if (end == -1)
			{
				/* psql would complain about this line as well */
				chunk->source = pstrdup(text + start);
				place->source = chunk->source;
				meta_command(chunk->source, limit - start);
			}
		}
		else
			end = find_copy_from_stdin(chunk->source);

		if (end >= 0)
		{
			int			data = line_end(text, start + end);
			int			data_end;

			if (!is_blank(text + start + end, text + data) &&
				strncmp(text + start + end + strspn(text + start + end, " \t"), "--", 2) != 0)
				ereport(ERROR,
						(errcode(ERRCODE_MIG_BAD_SCRIPT),
						 errmsg("text after COPY ... FROM stdin; on the same line"),
						 errhint("Begin the data on the next line."),
						 errposition(pg_mbstrlen_with_len(chunk->source, end) + 1)));
			data_end = find_copy_end(text, data);
			chunk->source[end] = '\0';
			chunk->data = text + data;
			chunk->data_len = (data_end < 0 ? len : data_end) - data;
			start = data_end < 0 ? len : line_end(text, data_end);
		}
		else
			start = len;
		chunks = lappend(chunks, chunk);
	}
	return chunks;
}

static bool
option_is_true(List *options, const char *name, bool otherwise)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = (DefElem *) lfirst(lc);

		if (strcmp(option->defname, name) == 0)
			return defGetBoolean(option);
	}
	return otherwise;
}

/*
 * The name of a command that refuses to run inside a transaction, or NULL.
 * What only the catalogs can tell (REINDEX or CLUSTER of a partitioned
 * relation, DROP SUBSCRIPTION of one with a slot) is found when it runs.
 */
static const char *
toplevel_command(Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_IndexStmt:
			return ((IndexStmt *) stmt)->concurrent ? "CREATE INDEX CONCURRENTLY" : NULL;
		case T_DropStmt:
			return ((DropStmt *) stmt)->concurrent ? "DROP INDEX CONCURRENTLY" : NULL;
		case T_ReindexStmt:
			switch (((ReindexStmt *) stmt)->kind)
			{
				case REINDEX_OBJECT_SCHEMA:
					return "REINDEX SCHEMA";
				case REINDEX_OBJECT_SYSTEM:
					return "REINDEX SYSTEM";
				case REINDEX_OBJECT_DATABASE:
					return "REINDEX DATABASE";
				default:
					return option_is_true(((ReindexStmt *) stmt)->params,
										  "concurrently", false) ?
						"REINDEX CONCURRENTLY" : NULL;
			}
		case T_VacuumStmt:
			return ((VacuumStmt *) stmt)->is_vacuumcmd ? "VACUUM" : NULL;
		case T_ClusterStmt:
			return ((ClusterStmt *) stmt)->relation == NULL ? "CLUSTER" : NULL;
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				AlterTableCmd *cmd = (AlterTableCmd *) lfirst(lc);

				if (cmd->subtype == AT_DetachPartition &&
					((PartitionCmd *) cmd->def)->concurrent)
					return "ALTER TABLE ... DETACH PARTITION CONCURRENTLY";
			}
			return NULL;
		case T_CreatedbStmt:
			return "CREATE DATABASE";
		case T_DropdbStmt:
			return "DROP DATABASE";
		case T_AlterDatabaseStmt:
			foreach(lc, ((AlterDatabaseStmt *) stmt)->options)
			{
				if (strcmp(((DefElem *) lfirst(lc))->defname, "tablespace") == 0)
					return "ALTER DATABASE SET TABLESPACE";
			}
			return NULL;
		case T_CreateTableSpaceStmt:
			return "CREATE TABLESPACE";
		case T_DropTableSpaceStmt:
			return "DROP TABLESPACE";
		case T_AlterSystemStmt:
			return "ALTER SYSTEM";
		case T_CreateSubscriptionStmt:
			{
				List	   *options = ((CreateSubscriptionStmt *) stmt)->options;

				return option_is_true(options, "connect", true) &&
					option_is_true(options, "create_slot", true) ?
					"CREATE SUBSCRIPTION" : NULL;
			}
		case T_AlterSubscriptionStmt:
			switch (((AlterSubscriptionStmt *) stmt)->kind)
			{
				case ALTER_SUBSCRIPTION_REFRESH:
					return "ALTER SUBSCRIPTION ... REFRESH";
				case ALTER_SUBSCRIPTION_SET_PUBLICATION:
				case ALTER_SUBSCRIPTION_ADD_PUBLICATION:
				case ALTER_SUBSCRIPTION_DROP_PUBLICATION:
					return option_is_true(((AlterSubscriptionStmt *) stmt)->options,
										  "refresh", true) ?
						"ALTER SUBSCRIPTION with refresh" : NULL;
				case ALTER_SUBSCRIPTION_OPTIONS:
					foreach(lc, ((AlterSubscriptionStmt *) stmt)->options)
					{
						const char *name = ((DefElem *) lfirst(lc))->defname;

						if (strcmp(name, "failover") == 0 || strcmp(name, "two_phase") == 0)
							return "ALTER SUBSCRIPTION ... SET";
					}
					return NULL;
				default:
					return NULL;
			}
		default:
			return NULL;
	}
}

/*
 * mig_vacuum_is_full
 *		Does a VACUUM rewrite, and so lock out readers?
 */
bool
mig_vacuum_is_full(const VacuumStmt *stmt)
{
	return option_is_true(stmt->options, "full", false);
}

static const char *
transaction_command(TransactionStmt *stmt)
{
	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
			return "BEGIN";
		case TRANS_STMT_START:
			return "START TRANSACTION";
		case TRANS_STMT_COMMIT:
			return "COMMIT";
		case TRANS_STMT_ROLLBACK:
			return "ROLLBACK";
		case TRANS_STMT_SAVEPOINT:
			return "SAVEPOINT";
		case TRANS_STMT_RELEASE:
			return "RELEASE SAVEPOINT";
		case TRANS_STMT_ROLLBACK_TO:
			return "ROLLBACK TO SAVEPOINT";
		case TRANS_STMT_PREPARE:
			return "PREPARE TRANSACTION";
		case TRANS_STMT_COMMIT_PREPARED:
			return "COMMIT PREPARED";
		case TRANS_STMT_ROLLBACK_PREPARED:
			return "ROLLBACK PREPARED";
	}
	return "transaction control";
}

/* A SET that only the beginning of a transaction can do, or NULL. */
static const char *
set_transaction_command(Node *node)
{
	VariableSetStmt *stmt = (VariableSetStmt *) node;
	ListCell   *lc;

	if (!IsA(node, VariableSetStmt) || stmt->kind != VAR_SET_MULTI)
		return NULL;
	if (strcmp(stmt->name, "TRANSACTION SNAPSHOT") == 0)
		return "SET TRANSACTION SNAPSHOT";
	if (strcmp(stmt->name, "TRANSACTION") != 0)
		return NULL;
	foreach(lc, stmt->args)
	{
		if (strcmp(((DefElem *) lfirst(lc))->defname, "transaction_read_only") != 0)
			return "SET TRANSACTION";
	}
	return NULL;
}

static void
classify(MigStatement *stmt, const Chunk *chunk, bool last)
{
	Node	   *node = stmt->raw->stmt;

	stmt->class = MIG_CLASS_PLAIN;
	if (IsA(node, TransactionStmt))
	{
		stmt->class = MIG_CLASS_XACT;
		stmt->command = transaction_command((TransactionStmt *) node);
	}
	else if (IsA(node, CopyStmt) && ((CopyStmt *) node)->filename == NULL &&
			 !((CopyStmt *) node)->is_program)
	{
		if (!((CopyStmt *) node)->is_from)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_SCRIPT),
					 errmsg("COPY ... TO STDOUT cannot run in a migration"),
					 errhint("There is no client to send the rows to."),
					 errposition(pg_mbstrlen_with_len(chunk->source, stmt->start) + 1)));
		stmt->class = MIG_CLASS_COPY_IN;
		/* without a semicolon the text ends here, and so do the data */
		stmt->data = last && chunk->data ? chunk->data : "";
		stmt->data_len = last && chunk->data ? chunk->data_len : 0;
	}
	else if ((stmt->command = set_transaction_command(node)) != NULL)
		stmt->class = MIG_CLASS_XACT;
	else if ((stmt->command = toplevel_command(node)) != NULL)
		stmt->class = MIG_CLASS_TOPLEVEL;
}

static MigParsed *
parse(const MigScript *script, MigErrorPlace *place, bool lenient)
{
	MigParsed  *parsed = palloc0(sizeof(MigParsed));
	List	   *chunks = split_chunks(script, place);
	int			allocated = 16;
	int			n = 0;
	int			line = script->line;
	int			counted = 0;	/* lines are counted up to this offset */
	ListCell   *lc;

	parsed->script = script;
	parsed->lenient = lenient;
	parsed->stmts = palloc(allocated * sizeof(MigStatement));
	foreach(lc, chunks)
	{
		Chunk	   *chunk = (Chunk *) lfirst(lc);
		List	   *raws;
		ListCell   *lc2;

		place->source = chunk->source;
		place->source_start = chunk->start;
		raws = pg_parse_query(chunk->source);
		foreach(lc2, raws)
		{
			MigStatement *stmt;
			int			end;

			if (n == allocated)
			{
				allocated *= 2;
				parsed->stmts = repalloc_huge(parsed->stmts,
											  allocated * sizeof(MigStatement));
			}
			stmt = &parsed->stmts[n++];
			memset(stmt, 0, sizeof(MigStatement));
			stmt->raw = lfirst_node(RawStmt, lc2);
			stmt->source = chunk->source;
			stmt->source_start = chunk->start;
			stmt->start = skip_space(chunk->source, stmt->raw->stmt_location);
			end = stmt->raw->stmt_len == 0 ? strlen(chunk->source) :
				stmt->raw->stmt_location + stmt->raw->stmt_len;
			while (end > stmt->start &&
				   isspace((unsigned char) chunk->source[end - 1]))
				end--;
			stmt->len = end - stmt->start;

			line += count_lines(script->text + counted,
								script->text + chunk->start + stmt->start);
			counted = chunk->start + stmt->start;
			stmt->line = line;
			classify(stmt, chunk, lnext(raws, lc2) == NULL);
		}
	}

	mig_find_units(parsed, n, place);
	return parsed;
}

static MigParsed *
parse_script(const MigScript *script, int *error_line, bool lenient)
{
	MigErrorPlace place = {script, script->text, 0, error_line};
	ErrorContextCallback callback;
	LexerSettings saved = pin_lexer();
	MigParsed  *volatile parsed = NULL;

	callback.callback = parse_error_callback;
	callback.arg = &place;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	PG_TRY();
	{
		parsed = parse(script, &place, lenient);
	}
	PG_FINALLY();
	{
		unpin_lexer(&saved);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	return parsed;
}

/*
 * mig_script_parse
 *		The statements of a script.
 *
 * Raises the parser's own errors, and ERRCODE_MIG_BAD_SCRIPT for what only
 * psql could run, with the line in error_line or, if that is NULL, in a
 * context line.  The result points into script, and into memory of the
 * current context.
 */
MigParsed *
mig_script_parse(const MigScript *script, int *error_line)
{
	return parse_script(script, error_line, false);
}

/*
 * mig_script_parse_leniently
 *		The same for a script that is only judged: what it may not do between
 *		BEGIN and COMMIT is in the result instead of an error.
 */
MigParsed *
mig_script_parse_leniently(const MigScript *script, int *error_line)
{
	return parse_script(script, error_line, true);
}

/*
 * mig_statement_text
 *		A palloc'd copy of one statement, from its first token on.
 */
char *
mig_statement_text(const MigStatement *stmt)
{
	return pnstrdup(stmt->source + stmt->start, stmt->len);
}

/*
 * mig_hash_begin, mig_hash_update, mig_hash_end
 *		SHA-256 by the server's own means; the result is palloc'd.
 */
void
mig_hash_update(pg_cryptohash_ctx *hash, const void *data, size_t len)
{
	if (pg_cryptohash_update(hash, data, len) < 0)
		elog(ERROR, "could not update SHA-256: %s", pg_cryptohash_error(hash));
}

pg_cryptohash_ctx *
mig_hash_begin(void)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not initialize SHA-256");
	return hash;
}

bytea *
mig_hash_end(pg_cryptohash_ctx *hash)
{
	bytea	   *result = palloc(VARHDRSZ + MIG_HASH_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + MIG_HASH_LENGTH);
	if (pg_cryptohash_final(hash, (uint8 *) VARDATA(result), MIG_HASH_LENGTH) < 0)
		elog(ERROR, "could not finish SHA-256: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
	return result;
}

/* As text is hashed in every database, whatever its encoding. */
static char *
to_utf8(const char *text, int len)
{
	return pg_server_to_any(text, len, PG_UTF8);
}

/* Hash text with its line ends as LF. */
static void
hash_lines(pg_cryptohash_ctx *hash, const char *p, const char *end)
{
	while (p < end)
	{
		const char *cr = memchr(p, '\r', end - p);

		if (cr == NULL)
		{
			mig_hash_update(hash, p, end - p);
			break;
		}
		mig_hash_update(hash, p, cr - p);
		mig_hash_update(hash, "\n", 1);
		p = cr + (cr + 1 < end && cr[1] == '\n' ? 2 : 1);
	}
}

/*
 * mig_checksum
 *		SHA-256 of a text: in UTF-8, without a byte order mark, line ends as
 *		LF, blanks at its end dropped.  palloc'd.
 */
bytea *
mig_checksum(const char *text)
{
	char	   *utf8 = to_utf8(text, strlen(text));
	const char *p = utf8;
	const char *end;
	pg_cryptohash_ctx *hash = mig_hash_begin();
	bytea	   *result;

	if (strncmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	end = p + strlen(p);
	while (end > p && isspace((unsigned char) end[-1]))
		end--;
	hash_lines(hash, p, end);
	result = mig_hash_end(hash);
	if (utf8 != text)
		pfree(utf8);
	return result;
}

static void
hash_token(pg_cryptohash_ctx *hash, char tag, const char *text)
{
	char	   *utf8 = to_utf8(text, strlen(text));

	mig_hash_update(hash, &tag, 1);
	hash_lines(hash, utf8, utf8 + strlen(utf8));
	mig_hash_update(hash, "", 1);
	if (utf8 != text)
		pfree(utf8);
}

static void
hash_tokens(pg_cryptohash_ctx *hash, const char *source)
{
	Lexer		lexer;
	int			token;

	lexer_begin(&lexer, source);
	while ((token = lexer_next(&lexer)) != 0)
	{
		const char *text = lexer_token(&lexer);

		if (token == TOKEN_IDENT)
			hash_token(hash, 'i', lexer.value.str);
		else if (token == TOKEN_SCONST)
			hash_token(hash, 's', lexer.value.str);
		else if (token > TOKEN_PARAM && isalpha((unsigned char) text[0]))
			hash_token(hash, 'k', lexer.value.keyword);
		else
			hash_token(hash, 't', text);
	}
	lexer_end(&lexer);
}

/*
 * mig_fingerprint
 *		SHA-256 of a script's tokens: equal for texts that differ in comments
 *		and white space only.  palloc'd.
 *
 * A text that the lexer refuses has its checksum as fingerprint.
 */
bytea *
mig_fingerprint(const MigScript *script)
{
	MigErrorPlace place = {script, script->text, 0, NULL};
	LexerSettings saved = pin_lexer();
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate fingerprint",
												  ALLOCSET_DEFAULT_SIZES);
	bytea	   *volatile result = NULL;
	pg_cryptohash_ctx *hash = mig_hash_begin();

	MemoryContextSwitchTo(context);

	/* the lexer holds nothing but memory when it raises an error */
	PG_TRY();
	{
		ListCell   *lc;

		foreach(lc, split_chunks(script, &place))
		{
			Chunk	   *chunk = (Chunk *) lfirst(lc);

			hash_tokens(hash, chunk->source);
			if (chunk->data)
				hash_token(hash, 'd', pnstrdup(chunk->data, chunk->data_len));
		}
		MemoryContextSwitchTo(caller);
		result = mig_hash_end(hash);
	}
	PG_CATCH();
	{
		int			code;

		MemoryContextSwitchTo(caller);
		code = geterrcode();
		unpin_lexer(&saved);
		pg_cryptohash_free(hash);
		if (ERRCODE_TO_CATEGORY(code) != ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR) &&
			ERRCODE_TO_CATEGORY(code) != ERRCODE_TO_CATEGORY(ERRCODE_MIG_BAD_SCRIPT) &&
			ERRCODE_TO_CATEGORY(code) != ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION))
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();

	unpin_lexer(&saved);
	MemoryContextDelete(context);
	return result ? result : mig_checksum(script->text);
}

/*
 * mig_statement_hash
 *		SHA-256 of what was done before, as this function returned it, and of
 *		a statement's tokens and data; without both it begins.  palloc'd.
 */
bytea *
mig_statement_hash(const bytea *before, const MigStatement *stmt)
{
	LexerSettings saved = pin_lexer();
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate statement hash",
												  ALLOCSET_DEFAULT_SIZES);
	pg_cryptohash_ctx *hash = mig_hash_begin();
	bytea	   *volatile result = NULL;

	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (before != NULL)
			mig_hash_update(hash, VARDATA_ANY(before), VARSIZE_ANY_EXHDR(before));
		if (stmt != NULL)
			hash_tokens(hash, mig_statement_text(stmt));
		if (stmt != NULL && stmt->data)
			hash_token(hash, 'd', pnstrdup(stmt->data, stmt->data_len));
		MemoryContextSwitchTo(caller);
		result = mig_hash_end(hash);
	}
	PG_FINALLY();
	{
		unpin_lexer(&saved);
	}
	PG_END_TRY();
	MemoryContextDelete(context);
	return result;
}
