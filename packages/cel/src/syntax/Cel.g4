/**
 * The syntax of the Common Expression Language, after the grammar in its specification (langdef), with the optional syntax (.? [? and ?
 * before entries). Names of tokens appear in syntax errors that users read, and are those that other implementations show.
 * Regenerate with `npm run generate`.
 */
grammar Cel;

start : expression EOF ;

expression : disjunction ('?' disjunction ':' expression)? ;

disjunction : conjunction ('||' conjunction)* ;

conjunction : relation ('&&' relation)* ;

relation
  : sum
  | relation ('<' | '<=' | '>=' | '>' | '==' | '!=' | 'in') relation
  ;

sum
  : unary
  | sum ('*' | '/' | '%') sum
  | sum ('+' | '-') sum
  ;

unary
  : member         # Operand
  | '!'+ member    # Not
  | '-'+ member    # Negation
  ;

member
  : primary                                  # Simple
  | member '.' '?'? fieldName                # Selection
  | member '.' IDENTIFIER '(' arguments? ')' # MethodCall
  | member '[' '?'? expression ']'           # Subscript
  ;

primary
  : '.'? IDENTIFIER                                                            # Name
  | '.'? IDENTIFIER '(' arguments? ')'                                         # FunctionCall
  | '(' expression ')'                                                         # Parenthesized
  | '[' elements? ','? ']'                                                     # List
  | '{' mapEntries? ','? '}'                                                   # Map
  | '.'? IDENTIFIER ('.' IDENTIFIER)* '{' fieldEntries? ','? '}'               # Message
  | literal                                                                    # Constant
  ;

arguments : expression (',' expression)* ;

elements : element (',' element)* ;

fieldEntries : fieldKey ':' expression (',' fieldKey ':' expression)* ;

fieldKey : '?'? fieldName ;

mapEntries : element ':' expression (',' element ':' expression)* ;

fieldName : IDENTIFIER | ESC_IDENTIFIER ;

element : '?'? expression ;

literal
  : MINUS? NUM_INT   # Int
  | NUM_UINT         # Uint
  | MINUS? NUM_FLOAT # Double
  | STRING           # String
  | BYTES            # Bytes
  | CEL_TRUE         # True
  | CEL_FALSE        # False
  | NUL              # Null
  ;

EQUALS : '==' ;
NOT_EQUALS : '!=' ;
IN : 'in' ;
LESS : '<' ;
LESS_EQUALS : '<=' ;
GREATER_EQUALS : '>=' ;
GREATER : '>' ;
LOGICAL_AND : '&&' ;
LOGICAL_OR : '||' ;
LBRACKET : '[' ;
RPRACKET : ']' ;
LBRACE : '{' ;
RBRACE : '}' ;
LPAREN : '(' ;
RPAREN : ')' ;
DOT : '.' ;
COMMA : ',' ;
MINUS : '-' ;
EXCLAM : '!' ;
QUESTIONMARK : '?' ;
COLON : ':' ;
PLUS : '+' ;
STAR : '*' ;
SLASH : '/' ;
PERCENT : '%' ;
CEL_TRUE : 'true' ;
CEL_FALSE : 'false' ;
NUL : 'null' ;

fragment Digit : [0-9] ;
fragment Hex : [0-9a-fA-F] ;
fragment Exponent : [eE] [+-]? Digit+ ;
fragment Escape
  : '\\' [abfnrtv"'\\?`]
  | '\\' [0-3] [0-7] [0-7]
  | '\\' [xX] Hex Hex
  | '\\u' Hex Hex Hex Hex
  | '\\U' Hex Hex Hex Hex Hex Hex Hex Hex
  ;

WHITESPACE : [\t \r\n\f]+ -> channel(HIDDEN) ;
COMMENT : '//' ~'\n'* -> channel(HIDDEN) ;
NUM_FLOAT : Digit+ '.' Digit+ Exponent? | Digit+ Exponent | '.' Digit+ Exponent? ;
NUM_INT : Digit+ | '0x' Hex+ ;
NUM_UINT : (Digit+ | '0x' Hex+) [uU] ;
STRING
  : '"' (Escape | ~[\\"\n\r])* '"'
  | '\'' (Escape | ~[\\'\n\r])* '\''
  | '"""' (Escape | ~[\\])*? '"""'
  | '\'\'\'' (Escape | ~[\\])*? '\'\'\''
  | [rR] '"' ~["\n\r]* '"'
  | [rR] '\'' ~['\n\r]* '\''
  | [rR] '"""' .*? '"""'
  | [rR] '\'\'\'' .*? '\'\'\''
  ;
BYTES : [bB] STRING ;
IDENTIFIER : [a-zA-Z_] [a-zA-Z0-9_]* ;
ESC_IDENTIFIER : '`' [a-zA-Z0-9_./ -]+ '`' ;
