//! From text to [`Rule`]. One pass over the lines, recursive descent within an expression.

use super::tree::{
    Assignment, BinaryOperator, Constant, Expression, Function, Kind, Name, Range, Rule, State, Target, number_text,
};
use super::{MAX_CONSTANTS, MAX_INTEGER_POWER, MAX_NESTING, MAX_NODES, MAX_STATES, MAX_TEXT_BYTES};

/// Where and why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RuleError {
    /// Line of the text, from 1.
    pub line: usize,
    /// Column of the line in characters, from 1; one past the end where something is missing there.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// A place in the text; both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    fn error<T>(self, message: impl Into<String>) -> Result<T, RuleError> {
        Err(RuleError { line: self.line, column: self.column, message: message.into() })
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Number(f64),
    Text(String),
    Sign(char),
    End,
}

impl Token {
    fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Number(value) => format!("`{}`", number_text(*value)),
            Self::Text(_) => "a quoted text".to_owned(),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end of the line".to_owned(),
        }
    }
}

/// Words with a meaning of their own, which no constant, state or temporary may take.
const KEYWORDS: [&str; 6] = ["name", "source", "constant", "state", "in", "inf"];
/// Names that every rule has.
const GIVEN: [&str; 3] = ["g", "eta", "t"];

impl Rule {
    /// Parses the text of a rule.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place and what was expected there. Never panics.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        Parser::default().rule(text)
    }
}

#[derive(Default)]
struct Parser {
    name: Option<String>,
    source: Option<String>,
    constants: Vec<Constant>,
    states: Vec<State>,
    state_places: Vec<Place>,
    /// Whether each state has been assigned yet.
    assigned: Vec<bool>,
    temporaries: Vec<String>,
    assignments: Vec<Assignment>,
    theta: bool,
    nodes: usize,
    /// Every power whose exponent is not a small integer literal: allowed only for scalars, which is known at the end.
    powers: Vec<(Place, Expression, Expression)>,
    tokens: Vec<(Place, Token)>,
    position: usize,
    nesting: usize,
}

impl Parser {
    fn rule(mut self, text: &str) -> Result<Rule, RuleError> {
        let start = Place { line: 1, column: 1 };
        if text.len() > MAX_TEXT_BYTES {
            return start.error(format!("the rule has {} bytes, but at most {MAX_TEXT_BYTES} are allowed", text.len()));
        }
        let mut end = start;
        for (index, line) in text.lines().enumerate() {
            self.tokens = tokens(line, index + 1)?;
            self.position = 0;
            end = self.place();
            if let Some((place, _)) = self.tokens.last() {
                end = *place;
            }
            if *self.token() != Token::End {
                self.line()?;
                if *self.token() != Token::End {
                    return self.unexpected("the end of the line or an operator");
                }
            }
        }
        let Some(name) = self.name else {
            return start.error("expected a line `name \"...\"`; the rule has no name");
        };
        if let Some(index) = self.assigned.iter().position(|assigned| !assigned) {
            let state = &self.states[index].name;
            return self.state_places[index]
                .error(format!("the state `{state}` is never assigned; expected a line `{state} = ...`"));
        }
        if !self.theta {
            return end.error("expected a last line `theta = ...`; the rule never assigns theta");
        }
        infer_kinds(&mut self.states, &mut self.assignments, self.temporaries.len());
        let kinds = temporary_kinds(&self.assignments, self.temporaries.len());
        for (place, base, exponent) in &self.powers {
            if Rule::kind_of(base, &self.states, &kinds) == Kind::PerParameter {
                return place.error(format!(
                    "the power of a value that differs from parameter to parameter must be an integer from 1 to \
                     {MAX_INTEGER_POWER}, or minus one"
                ));
            }
            if Rule::kind_of(exponent, &self.states, &kinds) == Kind::PerParameter {
                return place.error("the exponent differs from parameter to parameter; expected a scalar");
            }
        }
        Ok(Rule {
            name,
            source: self.source.unwrap_or_default(),
            constants: self.constants,
            states: self.states,
            temporaries: self.temporaries,
            assignments: self.assignments,
        })
    }

    // The list of tokens always closes with `End`, and `next` never goes beyond it.
    fn token(&self) -> &Token {
        self.tokens.get(self.position).map_or(&Token::End, |(_, token)| token)
    }

    fn place(&self) -> Place {
        self.tokens.get(self.position).map_or(Place { line: 1, column: 1 }, |(place, _)| *place)
    }

    fn next(&mut self) -> Token {
        let token = self.token().clone();
        if token != Token::End {
            self.position += 1;
        }
        token
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, RuleError> {
        self.place().error(format!("expected {expected}, found {}", self.token().describe()))
    }

    fn take(&mut self, sign: char) -> bool {
        let found = *self.token() == Token::Sign(sign);
        if found {
            self.position += 1;
        }
        found
    }

    fn expect(&mut self, sign: char) -> Result<(), RuleError> {
        if self.take(sign) { Ok(()) } else { self.unexpected(&format!("`{sign}`")) }
    }

    fn line(&mut self) -> Result<(), RuleError> {
        let place = self.place();
        let Token::Word(word) = self.token().clone() else {
            return self.unexpected("`name`, `source`, `constant`, `state` or a name to assign");
        };
        if self.theta {
            return place.error("theta is assigned last; expected nothing after its line");
        }
        match word.as_str() {
            "name" => {
                self.position += 1;
                let text = self.quoted()?;
                if text.trim().is_empty() {
                    return place.error("the rule's name is empty; expected a text between the quotes");
                }
                once(&mut self.name, text, "name", place)
            }
            "source" => {
                self.position += 1;
                let text = self.quoted()?;
                once(&mut self.source, text, "source", place)
            }
            "constant" => {
                self.position += 1;
                self.constant()
            }
            "state" => {
                self.position += 1;
                self.state()
            }
            _ => self.assignment(),
        }
    }

    fn quoted(&mut self) -> Result<String, RuleError> {
        match self.token().clone() {
            Token::Text(text) => {
                self.position += 1;
                Ok(text)
            }
            _ => self.unexpected("a text in double quotes"),
        }
    }

    /// A name that is free to be declared or assigned for the first time.
    fn fresh_name(&mut self, what: &str) -> Result<String, RuleError> {
        let place = self.place();
        let Token::Word(word) = self.token().clone() else {
            return self.unexpected(&format!("the name of a {what}"));
        };
        self.position += 1;
        let taken = if KEYWORDS.contains(&word.as_str()) {
            "is a word of the language"
        } else if Function::ALL.iter().any(|function| function.name() == word) {
            "is a function"
        } else if GIVEN.contains(&word.as_str()) {
            "is given to every rule and cannot be assigned"
        } else if word == "theta" {
            "is the parameter itself"
        } else if self.constants.iter().any(|constant| constant.name == word) {
            "is a constant already"
        } else if self.states.iter().any(|state| state.name == word) {
            "is a state already"
        } else if self.temporaries.contains(&word) {
            "is assigned already, and a name is assigned at most once"
        } else {
            return Ok(word);
        };
        place.error(format!("`{word}` {taken}; expected another name for the {what}"))
    }

    fn signed_number(&mut self, infinite: bool) -> Result<f64, RuleError> {
        let negative = self.take('-');
        let value = match self.token() {
            Token::Number(value) => *value,
            Token::Word(word) if infinite && word == "inf" => f64::INFINITY,
            _ => {
                return self.unexpected(if infinite { "a number or `inf`" } else { "a number" });
            }
        };
        self.position += 1;
        Ok(if negative { -value } else { value })
    }

    fn constant(&mut self) -> Result<(), RuleError> {
        let place = self.place();
        if self.constants.len() == MAX_CONSTANTS {
            return place.error(format!("a rule may declare at most {MAX_CONSTANTS} constants"));
        }
        let name = self.fresh_name("constant")?;
        self.expect('=')?;
        let default = self.signed_number(false)?;
        match self.token() {
            Token::Word(word) if word == "in" => self.position += 1,
            _ => return self.unexpected("`in` and the range allowed, such as `in [0, 1)`"),
        }
        let range_place = self.place();
        let lower_closed = match self.next() {
            Token::Sign('[') => true,
            Token::Sign('(') => false,
            _ => return range_place.error("expected a range, such as `[0, 1)`"),
        };
        let lower = self.signed_number(true)?;
        self.expect(',')?;
        let upper = self.signed_number(true)?;
        let upper_closed = match self.token() {
            Token::Sign(']') => true,
            Token::Sign(')') => false,
            _ => return self.unexpected("`]` or `)`"),
        };
        self.position += 1;
        let range = Range { lower, lower_closed, upper, upper_closed };
        if (lower.is_infinite() && lower_closed) || (upper.is_infinite() && upper_closed) {
            return range_place.error("an infinite end of a range is open; expected `(` or `)` there");
        }
        if !range.contains(default) {
            return place.error(format!("the default of `{name}` is {default}; expected a value in {range}"));
        }
        self.constants.push(Constant { name, default, range });
        Ok(())
    }

    fn state(&mut self) -> Result<(), RuleError> {
        let place = self.place();
        if self.states.len() == MAX_STATES {
            return place.error(format!("a rule may declare at most {MAX_STATES} states"));
        }
        let name = self.fresh_name("state")?;
        self.expect('=')?;
        let initial = self.signed_number(false)?;
        self.states.push(State { name, initial, kind: Kind::Scalar });
        self.state_places.push(place);
        self.assigned.push(false);
        Ok(())
    }

    fn assignment(&mut self) -> Result<(), RuleError> {
        let place = self.place();
        let Token::Word(word) = self.token().clone() else {
            return self.unexpected("a name to assign");
        };
        let target = if word == "theta" {
            self.position += 1;
            Target::Theta
        } else if let Some(index) = self.states.iter().position(|state| state.name == word) {
            if self.assigned[index] {
                return place.error(format!("`{word}` is assigned already, and a name is assigned at most once"));
            }
            self.position += 1;
            Target::State(index)
        } else {
            self.fresh_name("value")?;
            Target::Temporary(self.temporaries.len())
        };
        self.expect('=')?;
        let expression = self.sum()?;
        match target {
            Target::Theta => self.theta = true,
            Target::State(index) => self.assigned[index] = true,
            Target::Temporary(_) => self.temporaries.push(word),
        }
        self.assignments.push(Assignment { target, expression, kind: Kind::Scalar });
        Ok(())
    }

    fn node(&mut self, place: Place, expression: Expression) -> Result<Expression, RuleError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return place.error(format!(
                "the rule has more than {MAX_NODES} numbers, names, operators and functions; expected a shorter one"
            ));
        }
        Ok(expression)
    }

    /// Runs a parser one level deeper.
    fn deeper(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Expression, RuleError>,
    ) -> Result<Expression, RuleError> {
        if self.nesting == MAX_NESTING {
            return self.place().error(format!("the expression is nested more than {MAX_NESTING} deep"));
        }
        self.nesting += 1;
        let expression = parse(self)?;
        self.nesting -= 1;
        Ok(expression)
    }

    fn sum(&mut self) -> Result<Expression, RuleError> {
        let mut left = self.product()?;
        loop {
            let place = self.place();
            let operator = match self.token() {
                Token::Sign('+') => BinaryOperator::Add,
                Token::Sign('-') => BinaryOperator::Subtract,
                _ => return Ok(left),
            };
            self.position += 1;
            let right = self.product()?;
            left = self.node(place, Expression::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn product(&mut self) -> Result<Expression, RuleError> {
        let mut left = self.signed()?;
        loop {
            let place = self.place();
            let operator = match self.token() {
                Token::Sign('*') => BinaryOperator::Multiply,
                Token::Sign('/') => BinaryOperator::Divide,
                _ => return Ok(left),
            };
            self.position += 1;
            let right = self.signed()?;
            left = self.node(place, Expression::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn signed(&mut self) -> Result<Expression, RuleError> {
        let place = self.place();
        if self.take('-') {
            let inner = self.deeper(Self::signed)?;
            return self.node(place, Expression::Negative(Box::new(inner)));
        }
        let base = self.atom()?;
        let place = self.place();
        if !self.take('^') {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        if exponent.as_integer_power().is_none() {
            self.powers.push((place, base.clone(), exponent.clone()));
        }
        self.node(place, Expression::Binary(BinaryOperator::Power, Box::new(base), Box::new(exponent)))
    }

    fn atom(&mut self) -> Result<Expression, RuleError> {
        let place = self.place();
        match self.token().clone() {
            Token::Number(value) => {
                self.position += 1;
                self.node(place, Expression::Number(value))
            }
            Token::Sign('(') => {
                self.position += 1;
                let inner = self.deeper(Self::sum)?;
                self.expect(')')?;
                Ok(inner)
            }
            Token::Word(word) => {
                self.position += 1;
                if let Some(function) = Function::ALL.into_iter().find(|function| function.name() == word) {
                    return self.call(place, function);
                }
                let name = self.resolve(place, &word)?;
                self.node(place, Expression::Name(name))
            }
            _ => self.unexpected("a number, a name, a function, `-` or `(`"),
        }
    }

    fn call(&mut self, place: Place, function: Function) -> Result<Expression, RuleError> {
        self.expect('(')?;
        let mut arguments = vec![self.deeper(Self::sum)?];
        while arguments.len() < function.arity() {
            self.expect(',')?;
            arguments.push(self.deeper(Self::sum)?);
        }
        self.expect(')')?;
        self.node(place, Expression::Call(function, arguments))
    }

    fn resolve(&self, place: Place, word: &str) -> Result<Name, RuleError> {
        match word {
            "theta" => return Ok(Name::Theta),
            "g" => return Ok(Name::Gradient),
            "eta" => return Ok(Name::Eta),
            "t" => return Ok(Name::Step),
            _ => {}
        }
        if let Some(index) = self.constants.iter().position(|constant| constant.name == word) {
            return Ok(Name::Constant(index));
        }
        if let Some(index) = self.states.iter().position(|state| state.name == word) {
            return Ok(if self.assigned[index] { Name::StateAfter(index) } else { Name::StateBefore(index) });
        }
        if let Some(index) = self.temporaries.iter().position(|temporary| temporary == word) {
            return Ok(Name::Temporary(index));
        }
        if KEYWORDS.contains(&word) {
            return place.error(format!("`{word}` is a word of the language; expected a number, a name or a function"));
        }
        place.error(format!(
            "nothing is named `{word}` up to here; expected g, theta, eta, t, a function, or a constant, state or value \
             from a line above"
        ))
    }
}

fn once(slot: &mut Option<String>, text: String, what: &str, place: Place) -> Result<(), RuleError> {
    if slot.is_some() {
        return place.error(format!("the rule has a {what} already; expected one line `{what}`"));
    }
    *slot = Some(text);
    Ok(())
}

fn temporary_kinds(assignments: &[Assignment], count: usize) -> Vec<Kind> {
    let mut kinds = vec![Kind::Scalar; count];
    for assignment in assignments {
        if let Target::Temporary(index) = assignment.target {
            kinds[index] = assignment.kind;
        }
    }
    kinds
}

/// A state is scalar if only scalars flow into it: the least fixed point, reached after at most one round per state.
fn infer_kinds(states: &mut [State], assignments: &mut [Assignment], temporaries: usize) {
    loop {
        let mut changed = false;
        for index in 0..assignments.len() {
            let kinds = temporary_kinds(assignments, temporaries);
            let assignment = &mut assignments[index];
            let kind = match assignment.target {
                Target::Theta => Kind::PerParameter,
                _ => Rule::kind_of(&assignment.expression, states, &kinds),
            };
            if let Target::State(state) = assignment.target {
                changed |= states[state].kind != kind;
                states[state].kind = kind;
            }
            changed |= assignment.kind != kind;
            assignment.kind = kind;
        }
        if !changed {
            return;
        }
    }
}

/// The tokens of one line, closed by `End`. A `#` outside quotes starts a comment.
fn tokens(text: &str, line: usize) -> Result<Vec<(Place, Token)>, RuleError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut index = 0;
    let run = |from: usize, holds: &dyn Fn(char) -> bool| {
        characters[from..].iter().take_while(|&&character| holds(character)).count()
    };
    while let Some(&character) = characters.get(index) {
        let place = Place { line, column: index + 1 };
        match character {
            ' ' | '\t' | '\r' => index += 1,
            '#' => break,
            '"' => {
                let length = run(index + 1, &|character| character != '"');
                if index + 1 + length == characters.len() {
                    return Place { line, column: characters.len() + 1 }.error("expected `\"` to close the text");
                }
                let inner: String = characters[index + 1..index + 1 + length].iter().collect();
                if inner.chars().any(char::is_control) {
                    return place.error("the text holds a control character; expected printable ones");
                }
                tokens.push((place, Token::Text(inner)));
                index += length + 2;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = run(index, &|character| character.is_ascii_alphanumeric() || character == '_');
                tokens.push((place, Token::Word(characters[index..index + length].iter().collect())));
                index += length;
            }
            '0'..='9' | '.' => {
                let digit = |character: char| character.is_ascii_digit();
                let mut end = index + run(index, &digit);
                if characters.get(end) == Some(&'.') {
                    end += 1;
                    end += run(end, &digit);
                }
                if matches!(characters.get(end), Some('e' | 'E')) {
                    let sign = usize::from(matches!(characters.get(end + 1), Some('+' | '-')));
                    let digits = run(end + 1 + sign, &digit);
                    if digits > 0 {
                        end += 1 + sign + digits;
                    }
                }
                let written: String = characters[index..end].iter().collect();
                match written.parse::<f64>() {
                    Ok(value) if value.is_finite() => tokens.push((place, Token::Number(value))),
                    Ok(_) => {
                        return place
                            .error(format!("the number {written} is too large; expected at most {:e}", f64::MAX));
                    }
                    Err(_) => {
                        return place.error(format!("expected a number such as 0.9 or 1e-8, found `{written}`"));
                    }
                }
                index = end;
            }
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | '[' | ']' | ',' | '=' => {
                tokens.push((place, Token::Sign(character)));
                index += 1;
            }
            _ => {
                return place.error(format!(
                    "`{}` has no meaning here; expected a name, a number, an operator or `#`",
                    character.escape_debug()
                ));
            }
        }
    }
    tokens.push((Place { line, column: index + 1 }, Token::End));
    Ok(tokens)
}
