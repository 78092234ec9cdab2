/*-------------------------------------------------------------------------
 *
 * lines.h
 *	  What lines.c offers to the readers of format.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_LINES_H
#define MIGRATE_LINES_H

#include "format.h"

/* Where the scanner stands between two characters of SQL. */
typedef enum MigLexical
{
	IN_SQL,
	IN_STRING,
	IN_IDENTIFIER,
	IN_DOLLAR,
	IN_COMMENT
} MigLexical;

/* A comment, as offsets of its first byte and behind its last one. */
typedef struct MigComment
{
	int			start;
	int			end;
} MigComment;

typedef struct MigComments
{
	MigComment *items;
	int			n;
	int			allocated;
} MigComments;

/* Goes through a text by lines and knows which begin outside a literal. */
typedef struct MigLines
{
	const char *place;			/* what messages call the text */
	const char *text;
	bool	   *mask;			/* to note which bytes are code, or NULL */
	MigComments *comments;		/* to note them, or NULL */
	/* the current line */
	const char *start;
	const char *end;			/* its line end, which is not part of it */
	int			number;			/* from 1 */
	bool		top;			/* begins outside literals and comments */
	bool		code;			/* has more than blanks and comments */
	/* what follows it */
	const char *next;
	MigLexical	state;
	bool		escapes;		/* the string is one with backslashes */
	bool		continues;		/* a string now would go on as the last one */
	int			nesting;		/* of comments */
	const char *tag;			/* of the dollar quote */
	int			tag_len;
} MigLines;

/* What "-- migrate:WORD" may say, in the order of lines.c's words[]. */
typedef enum MigWord
{
	WORD_UP,
	WORD_DOWN,
	WORD_VERIFY,
	WORD_REQUIRES,
	WORD_NO_TRANSACTION,
	WORD_REPEATABLE,
	WORD_BASELINE,
	WORD_IGNORE,
	WORD_IGNORE_FILE,
	WORD_UNKNOWN,
	WORD_NONE					/* the line is no such directive */
} MigWord;

/* A directive as it is written. */
typedef struct MigDirective
{
	char	   *spelling;
	char	   *options;		/* what follows, without blanks around it */
} MigDirective;

extern const char *mig_skip_blanks(const char *p);
extern char *mig_copy_trimmed(const char *from, const char *to);
extern void mig_lines_begin(MigLines *lines, const char *text,
							const char *place);
extern bool mig_lines_next(MigLines *lines);
extern void mig_bad_line(const MigLines *lines, int number,
						 const char *message, const char *advice);
extern bool *mig_code_mask(const char *text);
extern void mig_find_comments(const char *text, MigComments *comments);
extern const char *mig_after_marker(const MigLines *lines, const char *marker);
extern void mig_check_indent(const MigLines *lines);
extern MigWord mig_look_for_directive(const MigLines *lines,
									  MigDirective *directive);
extern MigWord mig_read_directive(const MigLines *lines,
								  MigDirective *directive);
extern void mig_misplaced_directive(const MigLines *lines,
									const MigDirective *directive,
									const char *advice);
extern char *mig_next_item(const char **list);
extern void mig_add_requires(const MigLines *lines,
							 const MigDirective *directive, MigSource *source);
extern void mig_make_repeatable(const MigLines *lines,
								const MigDirective *directive,
								MigSource *source);
extern void mig_leading_directives(MigSource *source, MigScript *script,
								   const char *text, bool may_repeat);

#endif							/* MIGRATE_LINES_H */
