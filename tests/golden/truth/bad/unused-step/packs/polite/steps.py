from converge_cli import step


@step("nobody is told {text:text}")
def nobody_is_told(text):
    return f'no fact under key "Signals" with id "greeting:*" where field "text" is "{text}" exists'


@step("somebody is greeted")
def somebody_is_greeted():
    return 'the Context key "Signals" contains at least 1 fact with id "greeting:*"'
