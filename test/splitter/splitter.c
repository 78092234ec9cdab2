/*-------------------------------------------------------------------------
 *
 * splitter.c
 *	  For tests: what the splitter makes of a text, and what psql does.
 *
 * The functions show the statements and the lines of a text as script.c and
 * lines.c see them.  With splitter.listen on, a session only listens to its
 * client: the server parses and logs the statements, and none is run but
 * COPY FROM stdin, whose data go to the server log instead of a table.  So
 * neither what is there nor what a statement does decides what comes next.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "lines.h"

#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* What is used of it needs no headers of Kerberos and OpenSSL. */
#undef ENABLE_GSS
#undef USE_OPENSSL
#include "libpq/libpq.h"

PG_MODULE_MAGIC;

#define ERRCODE_NOT_RUN MAKE_SQLSTATE('Z','Z','0','0','1')

extern PGDLLEXPORT void _PG_init(void);
PG_FUNCTION_INFO_V1(splitter_statements);
PG_FUNCTION_INFO_V1(splitter_lines);

static bool listening = false;
static post_parse_analyze_hook_type previous_analyze;
static ProcessUtility_hook_type previous_utility;
static emit_log_hook_type previous_emit_log;

/* In the place of that of units.c: everything is a statement. */
void
mig_find_units(MigParsed *parsed, int n, MigErrorPlace *place)
{
	parsed->nstmts = n;
}

static MigParsed *
parse_argument(MigScript *script, text *argument)
{
	memset(script, 0, sizeof(MigScript));
	script->text = text_to_cstring(argument);
	script->line = 1;
	return mig_script_parse(script, NULL);
}

/*
 * splitter_statements(script text)
 *		RETURNS TABLE (line int, statement text, data text)
 */
Datum
splitter_statements(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigScript	script;
	MigParsed  *parsed = parse_argument(&script, PG_GETARG_TEXT_PP(0));
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < parsed->nstmts; i++)
	{
		MigStatement *stmt = &parsed->stmts[i];
		Datum		values[3] = {0};
		bool		nulls[3] = {false, false, stmt->data == NULL};

		values[0] = Int32GetDatum(stmt->line);
		values[1] = CStringGetTextDatum(mig_statement_text(stmt));
		if (stmt->data != NULL)
			values[2] = PointerGetDatum(cstring_to_text_with_len(stmt->data, stmt->data_len));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Does the server's lexer find that a text ends inside a literal? */
static bool
ends_inside(const char *from, const char *to)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "splitter lexer",
												  ALLOCSET_DEFAULT_SIZES);
	volatile bool result = false;

	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		core_yyscan_t scanner;
		core_yy_extra_type extra;
		core_YYSTYPE value;
		YYLTYPE		location;

		scanner = scanner_init(pnstrdup(from, to - from), &extra,
							   &ScanKeywords, ScanKeywordTokens);
		while (core_yylex(&value, &location, scanner) != 0)
			;
	}
	PG_CATCH();
	{
		/* the statement as a whole has no error */
		FlushErrorState();
		result = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return result;
}

/* What follows a statement: its text, or the data and the line that ends them. */
static const char *
statement_end(const MigScript *script, const MigStatement *stmt)
{
	if (stmt->data_len > 0)
		return stmt->data + stmt->data_len + strcspn(stmt->data + stmt->data_len, "\n");
	return script->text + stmt->source_start + stmt->start + stmt->len;
}

/*
 * splitter_lines(script text)
 *		RETURNS TABLE (line int, outside boolean, lexer_says boolean)
 *
 * Whether each line begins outside of literals and comments, by lines.c and
 * by the server's lexer; without COPY's data.
 */
Datum
splitter_lines(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MigScript	script;
	MigParsed  *parsed = parse_argument(&script, PG_GETARG_TEXT_PP(0));
	const char *from = script.text; /* where the lexer begins */
	int			next = 0;		/* the statement that ends behind it */
	MigLines	lines;

	InitMaterializedSRF(fcinfo, 0);
	mig_lines_begin(&lines, script.text, "the text");
	while (mig_lines_next(&lines))
	{
		const MigStatement *stmt;
		Datum		values[3];
		bool		nulls[3] = {false};

		while (next < parsed->nstmts &&
			   statement_end(&script, &parsed->stmts[next]) <= lines.start)
			from = statement_end(&script, &parsed->stmts[next++]);
		stmt = &parsed->stmts[next];
		if (next < parsed->nstmts && stmt->data_len > 0 && lines.start >= stmt->data)
			continue;
		values[0] = Int32GetDatum(lines.number);
		values[1] = BoolGetDatum(lines.top);
		values[2] = BoolGetDatum(!ends_inside(from, lines.start));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static bool
is_copy_in(Node *node)
{
	CopyStmt   *copy = (CopyStmt *) node;

	return IsA(node, CopyStmt) && copy->is_from && copy->filename == NULL &&
		!copy->is_program;
}

static void
listen_analyze(ParseState *pstate, Query *query, JumbleState *jumble)
{
	if (previous_analyze)
		previous_analyze(pstate, query, jumble);
	if (listening && (query->utilityStmt == NULL || !is_copy_in(query->utilityStmt)))
		ereport(ERROR,
				(errcode(ERRCODE_NOT_RUN),
				 errmsg("not run")));
}

static void
receive_copy(void)
{
	StringInfoData message;
	StringInfoData data;
	int			type;

	/* text, of no column in particular */
	pq_beginmessage(&message, 'G');
	pq_sendbyte(&message, 0);
	pq_sendint16(&message, 0);
	pq_endmessage(&message);
	pq_flush();

	initStringInfo(&data);
	initStringInfo(&message);
	do
	{
		pq_startmsgread();
		type = pq_getbyte();
		if (type == EOF || pq_getmessage(&message, MaxAllocSize - 1) == EOF)
			ereport(FATAL,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("connection lost during COPY")));
		if (type == 'd')
			appendBinaryStringInfo(&data, message.data, message.len);
		else if (type != 'c' && type != 'H' && type != 'S')
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("message of type %d during COPY", type)));
	} while (type != 'c');
	ereport(LOG,
			(errmsg_internal("data: %s", data.data),
			 errhidestmt(true)));
}

static void
listen_utility(PlannedStmt *planned, const char *source, bool read_only,
			   ProcessUtilityContext context, ParamListInfo params,
			   QueryEnvironment *environment, DestReceiver *dest,
			   QueryCompletion *completion)
{
	if (listening && is_copy_in(planned->utilityStmt))
		receive_copy();
	else if (previous_utility)
		previous_utility(planned, source, read_only, context, params,
						 environment, dest, completion);
	else
		standard_ProcessUtility(planned, source, read_only, context, params,
								environment, dest, completion);
}

/* The log is of what the client sent, and of what the parser refuses. */
static void
listen_emit_log(ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_NOT_RUN)
		error->output_to_server = false;
	if (previous_emit_log)
		previous_emit_log(error);
}

void
_PG_init(void)
{
	DefineCustomBoolVariable("splitter.listen",
							 "Parses statements and does not run them.",
							 NULL, &listening, false, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	previous_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = listen_analyze;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = listen_utility;
	previous_emit_log = emit_log_hook;
	emit_log_hook = listen_emit_log;
}
