from converge_cli import FactModel


class Greeting(FactModel):
    text: str
